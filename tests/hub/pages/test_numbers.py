from datetime import UTC, datetime, timedelta

import pytest

from hub.pages import numbers
from hub.pages.measures import metric_of
from hub.pages.results.saying import difference_of
from hub.pages.templatetags import numbers as filters
from workers.statistics.interval import Interval


@pytest.mark.parametrize(
    ("value", "text"),
    [(0, "0"), (999, "999"), (302858, "302\u202f858"), (1234567, "1\u202f234\u202f567"), (-1200, "\u22121\u202f200")],
)
def test_writes_thousands_with_thin_spaces_and_a_true_minus(value, text):
    assert numbers.thousands(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0\u00a0B"), (410, "410\u00a0B"), (1100, "1.1\u00a0kB"), (39_000, "39\u00a0kB"), (999_600, "1.00\u00a0MB"), (1_211_432, "1.21\u00a0MB"),
        (41_200_000_000, "41.2\u00a0GB"), (500_000_000_000, "500\u00a0GB"),
    ],
)  # fmt: skip
def test_writes_sizes_in_decimal_units(value, text):
    assert numbers.size(value) == text


@pytest.mark.parametrize(
    ("value", "text"), [(0.012, "+1.2"), (-0.056, "\u22125.6"), (0.0, "0.0"), (0.0004, "0.0"), (-0.0004, "0.0")]
)
def test_writes_differences_in_points_with_their_sign(value, text):
    assert numbers.points(value) == text


def test_writes_percentages_after_a_space():
    assert numbers.percent(0.9163) == "91.6\u00a0%"
    assert numbers.percent(0.9163, 0, unit=False) == "92"


@pytest.mark.parametrize(
    ("low", "high", "text"),
    [
        (0.1, 0.6, "under a second"), (1.6, 3.2, "1 to 4\u00a0s"), (3.5, 3.9, "3 to 4\u00a0s"), (4.0, 4.0, "about 4\u00a0s"),
        (800, 890, "13 to 15\u00a0min"), (7200, 11000, "2 to 4\u00a0h"),
    ],
)  # fmt: skip
def test_writes_estimates_as_ranges_in_words(low, high, text):
    assert numbers.seconds_range(low, high) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (1.42, "1.4\u00a0s"),
        (24.4, "24\u00a0s"),
        (430, "7\u00a0m 10\u00a0s"),
        (7500, "2\u00a0h 5\u00a0m"),
        (3600, "1\u00a0h"),
    ],
)
def test_writes_durations(value, text):
    assert numbers.seconds(value) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(5, "5\u00a0s ago"), (600, "10\u00a0min ago"), (6 * 3600, "6\u00a0h ago"), (3 * 86400, "3 days ago")],
)
def test_says_how_long_ago(seconds, text):
    now = datetime(2026, 1, 1, tzinfo=UTC)
    assert numbers.ago(now - timedelta(seconds=seconds), now) == text


@pytest.mark.parametrize(
    ("value", "text"), [(1, "1st"), (2, "2nd"), (3, "3rd"), (4, "4th"), (11, "11th"), (112, "112th"), (22, "22nd")]
)
def test_counts_places(value, text):
    assert numbers.ordinal(value) == text


@pytest.mark.parametrize(
    ("value", "text"), [(9216, "9.2\u00a0K"), (1_000_000, "1\u00a0M"), (7e9, "7\u00a0B"), (12, "12")]
)
def test_shortens_counts_for_chips(value, text):
    assert numbers.count_short(value) == text


def test_shows_a_dash_for_what_is_not_known():
    assert filters.thousands(None) == filters.percent("") == filters.points(None) == "–"


def test_colours_only_differences_that_show():
    assert filters.sign_class(0.02) == "ok"
    assert filters.sign_class(-0.02) == "warn"
    assert filters.sign_class(0.0002) == filters.sign_class(None) == "ink3"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0022361, "0.00224"), (12.5, "12.5"), (3.0, "3"), (10_392.6, "10\u202f393"), (-0.5, "\u22120.5"),
        (1.37e-5, "1.37\u00a0×\u00a010⁻⁵"), (2.5e12, "2.5\u00a0×\u00a010¹²"), (float("nan"), "not a number"),
    ],
)  # fmt: skip
def test_writes_measures_without_a_letter_for_the_power(value, text):
    assert numbers.figure(value) == text


@pytest.mark.parametrize(
    ("value", "text"), [(1.0, "1"), (-10.0, "\u221210"), (0.3, "0.3"), (True, "yes"), (False, "no"), (None, "–")]
)
def test_writes_settings_as_the_form_shows_them(value, text):
    assert filters.setting(value) == text


def test_a_tie_is_said_to_be_one_and_not_known_exactly():
    accuracy = metric_of("accuracy")
    tie = difference_of(Interval(0.0, 0.0, 0.0), accuracy)
    assert (tie.interval, tie.verdict) == ("–", "no example differs")
    assert difference_of(Interval(0.0, -0.01, 0.01), accuracy).verdict == "within chance"

"""Intervals against values from the literature and from statsmodels' own."""

import pytest

from workers.engine.evaluate.intervals import mean_interval, wilson_interval


@pytest.mark.parametrize(
    ("successes", "n", "low", "high"),
    [
        (5, 10, 0.236593, 0.763407),
        (0, 10, 0.0, 0.277533),
        (10, 10, 0.722467, 1.0),
        (81, 263, 0.2553, 0.3662),
        (1, 1, 0.206549, 1.0),
    ],
)
def test_wilson_matches_known_values(successes, n, low, high):
    assert wilson_interval(successes, n) == pytest.approx((low, high), abs=6e-5)


@pytest.mark.parametrize(("successes", "n"), [(1, 0), (-1, 5), (6, 5)])
def test_wilson_refuses_what_is_no_share(successes, n):
    with pytest.raises(ValueError, match="successes of"):
        wilson_interval(successes, n)


def test_mean_interval_uses_the_standard_error():
    mean, low, high = mean_interval([1.0, 2.0, 3.0, 4.0])
    assert (mean, high - mean) == pytest.approx((2.5, 1.959964 * 1.290994 / 2))
    assert mean - low == pytest.approx(high - mean)


def test_one_value_has_no_width():
    assert mean_interval([0.3]) == (0.3, 0.3, 0.3)

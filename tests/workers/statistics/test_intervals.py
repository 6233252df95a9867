"""Intervals against statsmodels and scipy, and their coverage in seeded simulations."""

import numpy as np
import pytest
from scipy import stats
from statsmodels.stats.proportion import proportion_confint
from statsmodels.stats.weightstats import DescrStatsW

from workers.statistics.interval import Interval
from workers.statistics.intervals import mean_interval, ratio_interval, seeds_interval, wilson_interval

EXACT = 1e-9


@pytest.mark.parametrize(("successes", "n"), [(5, 10), (0, 10), (10, 10), (81, 263), (1, 1), (499, 10_000)])
def test_wilson_agrees_with_statsmodels(successes, n):
    low, high = proportion_confint(successes, n, method="wilson")
    found = wilson_interval(successes, n)
    assert (found.value, found.low, found.high) == pytest.approx((successes / n, low, high), abs=EXACT)


@pytest.mark.parametrize(("successes", "n"), [(1, 0), (-1, 5), (6, 5)])
def test_wilson_refuses_what_is_no_share(successes, n):
    with pytest.raises(ValueError, match="successes of"):
        wilson_interval(successes, n)


def test_mean_agrees_with_statsmodels():
    values = np.random.default_rng(0).gamma(2, 3, 37)
    found = mean_interval(values)
    assert (found.low, found.high) == pytest.approx(DescrStatsW(values).tconfint_mean(), abs=EXACT)
    assert found.value == pytest.approx(values.mean(), abs=EXACT)


def test_mean_over_seeds_agrees_with_scipy():
    values = [0.91, 0.93, 0.90]
    low, high = stats.t.interval(0.95, 2, np.mean(values), stats.sem(values))
    assert seeds_interval(values) == Interval(*(pytest.approx(x, abs=EXACT) for x in (np.mean(values), low, high)))


def test_one_seed_has_no_spread():
    with pytest.raises(ValueError, match="no spread"):
        seeds_interval([0.9])


def test_one_value_has_no_width():
    assert mean_interval([0.3]) == Interval(0.3, 0.3, 0.3)


def test_no_value_is_refused():
    with pytest.raises(ValueError, match="no values"):
        mean_interval([])


def test_ratio_by_hand():
    """r = 6/12; u = (1-1, 2-1, 3-4) / 12 = (0, 1, -1)/12; se² = 3/2 · 2/144."""
    found = ratio_interval(np.array([1.0, 2.0, 3.0]), np.array([2.0, 2.0, 8.0]))
    half = stats.t.ppf(0.975, 2) * np.sqrt(1.5 * 2 / 144)
    assert (found.value, found.high - found.value) == (0.5, pytest.approx(half, abs=EXACT))


def test_clusters_of_a_mean_count_as_their_sums():
    """Ten clusters of equal size: the interval is that of their ten means."""
    values = np.random.default_rng(1).normal(size=(10, 4))
    found = mean_interval(values.ravel(), cluster=np.repeat(np.arange(10), 4))
    assert (found.low, found.high) == pytest.approx(DescrStatsW(values.mean(axis=1)).tconfint_mean(), abs=EXACT)


def _covered(draw, interval, truth, rounds=1500):
    random = np.random.default_rng(7)
    found = [interval(draw(random)) for _ in range(rounds)]
    return np.mean([row.low <= truth <= row.high for row in found])


@pytest.mark.parametrize(
    ("draw", "interval", "truth"),
    [
        (lambda r: r.binomial(80, 0.9), lambda hits: wilson_interval(hits, 80), 0.9),
        (lambda r: r.normal(1, 2, 6), mean_interval, 1.0),
        (lambda r: r.normal(1, 2, 3), seeds_interval, 1.0),
        (
            lambda r: (r.normal(0, 1, (25, 1)) + r.normal(0, 0.3, (25, 4))).ravel(),
            lambda x: mean_interval(x, cluster=np.repeat(np.arange(25), 4)), 0.0,
        ),
    ],
    ids=["wilson", "mean", "seeds", "clusters"],
)  # fmt: skip
def test_covers_what_it_promises(draw, interval, truth):
    """95 % ± 3 standard errors of the simulation, and Wilson's own saw teeth."""
    assert _covered(draw, interval, truth) == pytest.approx(0.95, abs=0.02)

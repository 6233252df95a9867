"""The bootstrap against scipy's, its coverage in seeded simulations, and its edges."""

import numpy as np
import pytest
from scipy import stats

from workers.contracts.tasks import metric_get
from workers.statistics.bootstrap import (
    GROUPS,
    bca_limits,
    bootstrap_p,
    cluster_codes,
    estimate,
    jackknife,
    resample_weights,
    resampled,
)
from workers.statistics.scores import value_under


def mean_of(values):
    return lambda weights: weights @ values / weights.sum(axis=1)


@pytest.mark.parametrize("function", [np.mean, np.std, lambda x, axis: np.exp(np.mean(x, axis=axis))])
def test_bca_agrees_with_scipy_on_the_same_draws(function):
    values = np.random.default_rng(0).gamma(1, 2, 40)
    first = stats.bootstrap((values,), function, n_resamples=999, rng=1, method="BCa")
    without = np.array([function(np.delete(values, place), axis=0) for place in range(40)])
    found = bca_limits(first.bootstrap_distribution, float(function(values, axis=0)), without)
    assert found == pytest.approx(tuple(first.confidence_interval), abs=1e-9)


def test_jackknife_leaves_out_one_at_a_time():
    values = np.random.default_rng(0).normal(size=30)
    found = jackknife(mean_of(values), 30)
    assert found == pytest.approx([np.delete(values, place).mean() for place in range(30)], abs=1e-12)


def test_jackknife_of_many_leaves_out_groups():
    values = np.arange(5000.0)
    found = jackknife(mean_of(values), 5000)
    assert len(found) == GROUPS
    assert found.mean() == pytest.approx(values.mean(), abs=1e-9)
    # a file sorted by class: no group may be a stretch of it
    assert found.std() < 2.5


def test_weights_count_draws():
    weights = np.concatenate(list(resample_weights(50, resamples=1100)))
    assert weights.shape == (1100, 50)
    assert (weights.sum(axis=1) == 50).all()
    assert weights.mean(axis=0) == pytest.approx(np.ones(50), abs=0.15)


def test_clusters_are_drawn_whole():
    cluster = cluster_codes(np.array(["b", "a", "b", "c"]))
    weights = np.concatenate(list(resample_weights(4, resamples=20, cluster=cluster)))
    assert (weights[:, 0] == weights[:, 2]).all()
    assert (weights[:, [0, 1, 3]].sum(axis=1) == 3).all()


def test_same_examples_give_the_same_draws():
    draws = [resampled(mean_of(np.arange(9.0)), resample_weights(9, resamples=100)) for _ in range(2)]
    assert (draws[0] == draws[1]).all()


@pytest.mark.parametrize(("draws", "p"), [([1.0] * 99, 0.02), ([-1.0] * 50 + [1.0] * 49, 1.0), ([0.0] * 99, 1.0)])
def test_p_counts_one_draw_more(draws, p):
    assert bootstrap_p(np.array(draws)) == pytest.approx(p)


def test_a_jackknife_takes_over_above_the_limit():
    values = np.random.default_rng(2).normal(0.1, 1, 800)
    drawn, worked_out = (estimate(mean_of(values), 800, limit=limit) for limit in (1000, 500))
    assert worked_out.interval.value == drawn.interval.value
    for end in ("low", "high"):
        assert getattr(worked_out.interval, end) == pytest.approx(getattr(drawn.interval, end), abs=0.006)
    assert worked_out.p_value == pytest.approx(stats.ttest_1samp(values, 0).pvalue, rel=0.15)


@pytest.mark.parametrize("limit", [5000, 1])
def test_no_difference_is_certain_of_itself(limit):
    found = estimate(mean_of(np.zeros(20)), 20, limit=limit)
    assert (found.interval.value, found.interval.low, found.interval.high, found.p_value) == (0, 0, 0, 1)


@pytest.mark.parametrize(
    ("statistic", "n", "cluster"),
    [
        (lambda weights: np.full(len(weights), np.nan), 10, None),
        (mean_of(np.ones(1)), 1, None),
        (mean_of(np.arange(5.0)), 5, np.zeros(5, dtype=np.int64)),
        (lambda weights: np.where((weights == 1).all(axis=1), 1.0, np.nan), 10, None),
    ],
    ids=["undefined", "one example", "one cluster", "undefined in resamples"],
)
def test_no_interval_where_none_means_anything(statistic, n, cluster):
    assert estimate(statistic, n, cluster=cluster) is None


@pytest.mark.parametrize(
    ("name", "draw", "truth"),
    [
        # recalls 0.9, 0.8, 0.7 of three equally frequent classes
        ("balanced_accuracy", lambda r: _three_classes(r, 240), 0.8),
        ("pearson", lambda r: _correlated(r, 100), 0.8),
    ],
)
def test_statistics_of_the_whole_cover_their_true_value(name, draw, truth):
    """What a statistic comes to on endless data lies inside in 95 of 100 samples, within three standard errors."""
    random, hits, rounds = np.random.default_rng(11), 0, 250
    for _ in range(rounds):
        columns = draw(random)
        n = len(columns["gold"])
        found = estimate(lambda w, c=columns: value_under(metric_get(name), c, w), n, resamples=500).interval
        hits += found.low <= truth <= found.high
    assert hits / rounds == pytest.approx(0.94, abs=0.04)


def _three_classes(random, n):
    gold = random.integers(0, 3, n)
    right = random.random(n) < np.array([0.9, 0.8, 0.7])[gold]
    return {"gold": gold, "prediction": np.where(right, gold, (gold + 1) % 3)}


def _correlated(random, n):
    gold = random.normal(size=n)
    return {"gold": gold, "prediction": 0.8 * gold + 0.6 * random.normal(size=n)}


def _covered(draw, truth, cluster=None, rounds=300):
    random, hits = np.random.default_rng(5), 0
    for _ in range(rounds):
        values = draw(random)
        found = estimate(mean_of(values), len(values), cluster=cluster, resamples=600).interval
        hits += found.low <= truth <= found.high
    return hits / rounds


@pytest.mark.parametrize(
    ("draw", "truth", "cluster"),
    [
        (lambda r: r.choice([-1.0, 0.0, 1.0], 120, p=[0.05, 0.8, 0.15]), 0.1, None),
        (lambda r: np.repeat(r.normal(0, 1, 40), 3) + r.normal(0, 0.2, 120), 0.0, np.repeat(np.arange(40), 3)),
    ],
    ids=["paired differences", "clusters"],
)
def test_covers_what_it_promises(draw, truth, cluster):
    """95 % within three standard errors of the simulation."""
    assert _covered(draw, truth, cluster) == pytest.approx(0.945, abs=0.035)


def test_the_jackknife_of_a_mean_is_students_interval_and_test():
    values = np.random.default_rng(3).gamma(2, 1, 150) - 1.8
    found, test = estimate(mean_of(values), 150, limit=1), stats.ttest_1samp(values, 0)
    expected = test.confidence_interval(0.95)
    assert (found.interval.low, found.interval.high) == pytest.approx((expected.low, expected.high), abs=1e-9)
    assert found.p_value == pytest.approx(test.pvalue, abs=1e-9)


def test_p_is_as_rare_as_it_says():
    """Of pairs without a difference 5 in 100 have p below 0.05, within three standard errors."""
    random, rounds = np.random.default_rng(13), 250
    found = [estimate(mean_of(random.choice([-1.0, 0, 1], 150, p=[0.1, 0.8, 0.1])), 150, resamples=400) for _ in range(rounds)]  # fmt: skip
    assert np.mean([row.p_value < 0.05 for row in found]) == pytest.approx(0.05, abs=0.042)

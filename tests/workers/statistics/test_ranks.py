"""Rank intervals, rank correlations and the noise floor."""

import numpy as np
import pytest
from scipy import stats

from tests.workers.statistics.answers import modelled, predicted
from workers.contracts.tasks import metric_get
from workers.statistics.correlation import spearman, weighted_tau, weighted_tau_value
from workers.statistics.noise import noise_floor
from workers.statistics.ranks import rank_intervals, ranks_of_draws


def right(*shares, n=400):
    draw = np.random.default_rng(0)
    return [{"correct": draw.random(n) < share} for share in shares]


def test_models_far_apart_have_one_place_each_and_like_ones_share():
    found = rank_intervals(metric_get("accuracy"), right(0.5, 0.9, 0.7, 0.7))
    assert [(row.low, row.high) for row in found] == [(4, 4), (1, 1), (2, 3), (2, 3)]
    assert sorted(row.rank for row in found) == [1, 2, 3, 4]


def test_equal_scores_share_a_rank():
    model = right(0.7)[0]
    found = rank_intervals(metric_get("accuracy"), [model, model, right(0.2)[0]])
    assert [(row.rank, row.low, row.high) for row in found] == [(1, 1, 1), (1, 1, 1), (3, 3, 3)]


def test_the_smallest_loss_comes_first():
    better, worse = modelled(seed=1), modelled(seed=1)
    worse["bits"] = worse["bits"] * 1.5
    found = rank_intervals(metric_get("bits_per_byte"), [worse, better])
    assert [row.rank for row in found] == [2, 1]


def test_pairing_tells_apart_what_intervals_alone_would_not():
    """The second model is right wherever the first is, and on five examples more of 400."""
    first = right(0.7)[0]["correct"]
    second = first.copy()
    second[np.flatnonzero(~first)[:8]] = True
    found = rank_intervals(metric_get("accuracy"), [{"correct": first}, {"correct": second}])
    assert [(row.low, row.high) for row in found] == [(2, 2), (1, 1)]


def test_ranks_cover_the_truth():
    """Five models with known places: the true one lies inside in 95 of 100 tables, or more."""
    shares, draw, inside = np.array([0.8, 0.77, 0.74, 0.6, 0.59]), np.random.default_rng(1), []
    for _ in range(40):
        models = [{"correct": draw.random(300) < share} for share in shares]
        found = rank_intervals(metric_get("accuracy"), models, resamples=400)
        inside += [row.low <= place <= row.high for place, row in enumerate(found, start=1)]
    assert np.mean(inside) > 0.93


def test_undefined_draws_come_last():
    found = ranks_of_draws(np.array([0.5, 0.4]), np.array([[0.5, 0.4]] * 50 + [[np.nan, 0.4]] * 50))
    assert [(row.rank, row.low, row.high) for row in found] == [(1, 1, 2), (2, 1, 2)]


def test_other_examples_are_refused():
    with pytest.raises(ValueError, match="same examples"):
        rank_intervals(metric_get("accuracy"), [right(0.5)[0], right(0.5, n=9)[0]])


def test_undefined_scores_are_refused():
    with pytest.raises(ValueError, match="undefined"):
        rank_intervals(metric_get("r2"), [predicted(), {"gold": np.ones(200), "prediction": np.ones(200)}])


def test_no_models():
    assert rank_intervals(metric_get("accuracy"), []) == []


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("ties", [False, True])
def test_weighted_tau_agrees_with_scipy(seed, ties):
    draw = np.random.default_rng(seed)
    first = draw.normal(size=15)
    second = first + draw.normal(size=15)
    if ties:
        first, second = np.round(first), np.round(second)
    assert weighted_tau_value(first, second) == pytest.approx(stats.weightedtau(first, second).statistic, abs=1e-9)


def test_correlations_have_intervals():
    draw = np.random.default_rng(2)
    first = draw.normal(size=12)
    second = first + draw.normal(0, 0.5, 12)
    for found, value in (
        (spearman(first, second), stats.spearmanr(first, second).statistic),
        (weighted_tau(first, second), stats.weightedtau(first, second).statistic),
    ):
        assert found.value == pytest.approx(value, abs=1e-9)
        assert -1 <= found.low <= found.value <= found.high <= 1
        assert not found.includes_zero


@pytest.mark.parametrize(("first", "second"), [([1.0, 2, 3], [1.0, 2, 3]), ([1.0] * 6, [1.0, 2, 3, 4, 5, 6])])
def test_too_few_models_or_no_spread_correlate_with_nothing(first, second):
    for function in (spearman, weighted_tau):
        assert function(np.array(first), np.array(second)) is None


def test_noise_floor_by_hand():
    """Two models, two and three runs: s² = (2·0.01² + 2·0.02²) / 3."""
    found = noise_floor([[0.90, 0.92], [0.70, 0.72, 0.68], [0.5]])
    spread = np.sqrt((2 * 0.01**2 + 2 * 0.02**2) / 3)
    assert (found.models, found.runs) == (2, 5)
    assert found.spread == pytest.approx(spread, abs=1e-12)
    assert found.difference == pytest.approx(stats.t.ppf(0.975, 3) * spread * np.sqrt(2), abs=1e-9)


def test_noise_floor_needs_a_model_that_was_run_twice():
    assert noise_floor([[0.9], [0.8]]) is None


def test_repeats_without_noise_have_a_floor_of_zero():
    assert noise_floor([[0.9, 0.9]]).difference == 0
    assert noise_floor([[0.9, 0.9]]).is_identical


def test_two_runs_stay_below_the_noise_floor_in_95_of_100_cases():
    draw, inside = np.random.default_rng(4), []
    for _ in range(2000):
        floor = noise_floor(draw.normal(0, 0.01, (4, 3)).tolist())
        inside.append(abs(np.subtract(*draw.normal(0, 0.01, 2))) <= floor.difference)
    assert np.mean(inside) == pytest.approx(0.95, abs=0.015)

"""The sums behind every comparison, against values worked out elsewhere."""

import numpy as np
import pytest
from scipy import stats
from statsmodels.stats.weightstats import DescrStatsW

from workers.statistics.bootstrap import BOOTSTRAP_LIMIT, resample_weights
from workers.statistics.clustered import Table, clustered_means, clustered_ratios


def table(values, present=None):
    values = np.asarray(values, dtype=float)
    return Table(values, np.ones_like(values) if present is None else np.asarray(present, dtype=float))


def test_value_is_the_mean_over_columns_not_over_answers():
    found = clustered_means({"a": table([[1, 0], [1, 0], [1, 0], [0, 1]], [[1, 0], [1, 0], [1, 0], [1, 1]])})["a"]
    assert found.value == pytest.approx((0.75 + 1.0) / 2)


def test_interval_agrees_with_the_normal_one():
    draws = np.random.default_rng(0).integers(0, 2, (400, 1))
    found = clustered_means({"a": table(draws)})["a"]
    half = 1.96 * draws.std(ddof=1) / 20
    assert found.low == pytest.approx(draws.mean() - half, abs=0.004)
    assert found.high == pytest.approx(draws.mean() + half, abs=0.004)


def test_forms_of_one_example_do_not_count_as_independent():
    """The same answers in four forms say no more than once: the interval must not shrink."""
    once = np.random.default_rng(1).integers(0, 2, (300, 1))
    found = clustered_means({"once": table(once), "four": table(np.repeat(once, 4, axis=1))})
    assert found["four"].high - found["four"].low == pytest.approx(found["once"].high - found["once"].low)


def test_same_numbers_give_the_same_interval_each_time():
    values = table(np.random.default_rng(2).normal(size=(50, 3)))
    assert clustered_means({"a": values}) == clustered_means({"a": values})


def test_large_tables_meet_small_ones():
    """Above the limit the interval is worked out instead of drawn: the same width but for the noise of drawing."""
    draws = np.random.default_rng(3).integers(0, 2, (BOOTSTRAP_LIMIT + 1, 2))
    small, large = (clustered_means({"a": table(rows)})["a"] for rows in (draws[:BOOTSTRAP_LIMIT], draws))
    assert large.high - large.low == pytest.approx(small.high - small.low, rel=0.05)


def test_no_difference_has_no_width():
    found = clustered_means({"a": table(np.zeros((20, 2)))})["a"]
    assert (found.value, found.low, found.high) == (0, 0, 0)
    assert found.includes_zero


@pytest.mark.parametrize("n", [400, BOOTSTRAP_LIMIT + 1])
def test_a_ratio_agrees_with_the_delta_method_of_two_means(n):
    draw = np.random.default_rng(4)
    under = (draw.random(n) < 0.9).astype(float)
    over = under * (draw.random(n) < 0.8)
    found = clustered_ratios({"a": (table(over[:, None]), table(under[:, None]))})["a"]
    assert found.value == pytest.approx(over.sum() / under.sum(), abs=1e-12)
    # over is 1 only where under is: the ratio is a share of those, binomial
    half = 1.96 * np.sqrt(found.value * (1 - found.value) / under.sum())
    assert (found.low, found.high) == pytest.approx((found.value - half, found.value + half), abs=0.005)


def test_means_may_be_weighed():
    """Bits over bytes: the mean of a column is a ratio of sums."""
    found = clustered_means({"a": table([[8.0], [2.0], [6.0]], [[4.0], [2.0], [2.0]])})["a"]
    assert found.value == pytest.approx(2.0)


def test_interval_is_the_quantiles_of_the_draws():
    """Worked out again from the draws alone: rows drawn whole, each column by what was drawn of it."""
    draw = np.random.default_rng(6)
    present = (draw.random((60, 3)) < 0.8).astype(float)
    values = draw.normal(size=(60, 3)) * present
    weights = np.concatenate(list(resample_weights(60)))
    means = np.mean([(weights @ values[:, k]) / (weights @ present[:, k]) for k in range(3)], axis=0)
    found = clustered_means({"a": table(values, present)})["a"]
    assert (found.low, found.high) == pytest.approx(tuple(np.quantile(means, (0.025, 0.975))), abs=1e-9)


def test_large_tables_have_the_normal_interval_of_their_examples_means():
    values = np.random.default_rng(7).normal(size=(BOOTSTRAP_LIMIT + 5, 3))
    found = clustered_means({"a": table(values)})["a"]
    expected = DescrStatsW(values.mean(axis=1)).zconfint_mean()
    assert (found.low, found.high) == pytest.approx(expected, abs=1e-9)


def test_ratios_of_large_tables_by_hand():
    """Influence of an example on the ratio: (u − r v) / mean of the second, u and v its distances from the two means."""
    draw = np.random.default_rng(8)
    over, under = draw.normal(2, 1, BOOTSTRAP_LIMIT + 1), draw.normal(4, 1, BOOTSTRAP_LIMIT + 1)
    found = clustered_ratios({"a": (table(over[:, None]), table(under[:, None]))})["a"]
    ratio = over.mean() / under.mean()
    error = ((over - ratio * under) / under.mean()).std(ddof=1) / np.sqrt(len(over))
    half = stats.norm.ppf(0.975) * error
    assert (found.low, found.high) == pytest.approx((ratio - half, ratio + half), abs=1e-9)


def test_covers_what_it_promises_where_forms_hang_together():
    """Four forms of 80 examples, alike for the most part: 95 % within three standard errors; as 320 single answers it would not."""
    draw, hits, naive, rounds = np.random.default_rng(9), 0, 0, 250
    found = clustered_means(
        {at: table(draw.normal(0, 1, (80, 1)) + draw.normal(0, 0.5, (80, 4))) for at in range(rounds)}
    )
    for row in found.values():
        hits += row.low <= 0 <= row.high
        naive += abs(row.value) <= 1.96 * np.sqrt(1.25 / 320)
    assert hits / rounds == pytest.approx(0.945, abs=0.042)
    assert naive / rounds < 0.8

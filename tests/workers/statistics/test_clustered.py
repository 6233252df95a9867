"""The sums behind every comparison, against values worked out elsewhere."""

import numpy as np
import pytest

from workers.statistics.bootstrap import BOOTSTRAP_LIMIT
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

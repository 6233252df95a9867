"""Equivalence by hand, and the power of McNemar's test by simulation."""

import numpy as np
import pytest

from workers.statistics.equivalence import equivalence, examples_needed, smallest_difference
from workers.statistics.interval import Interval
from workers.statistics.mcnemar import mcnemar_chi_square


@pytest.mark.parametrize(
    ("low", "high", "same", "no_worse"),
    [
        (-0.005, 0.005, True, True),
        (-0.005, 0.05, False, True),
        (-0.02, 0.005, False, False),
        (-0.01, 0.0, False, False),
    ],
)
def test_equivalence_needs_the_whole_interval_inside(low, high, same, no_worse):
    found = equivalence(Interval(0.0, low, high), 0.01)
    assert (found.is_same, found.is_no_worse) == (same, no_worse)


@pytest.mark.parametrize("margin", [0, -0.1, float("nan")])
def test_a_margin_is_above_zero(margin):
    with pytest.raises(ValueError, match="margin"):
        equivalence(Interval(0, 0, 0), margin)


@pytest.mark.parametrize(("n", "discordance"), [(400, 0.2), (2000, 0.05), (150, 0.5)])
def test_power_is_what_a_simulation_finds(n, discordance):
    difference = smallest_difference(n, discordance)
    assert examples_needed(difference, discordance) in (n, n + 1)
    better = (discordance + difference) / 2
    counts = np.random.default_rng(3).multinomial(n, [better, discordance - better, 1 - discordance], 4000)
    found = np.mean([mcnemar_chi_square(b, c, correction=False) < 0.05 for b, c, _ in counts])
    assert found == pytest.approx(0.8, abs=0.03)


@pytest.mark.parametrize(("n", "discordance"), [(5, 0.1), (0, 0.5), (100, 0)])
def test_too_few_examples_find_no_difference(n, discordance):
    assert smallest_difference(n, discordance) is None


@pytest.mark.parametrize("difference", [0, 0.3])
def test_differences_that_cannot_be(difference):
    with pytest.raises(ValueError, match="discordant"):
        examples_needed(difference, 0.2)

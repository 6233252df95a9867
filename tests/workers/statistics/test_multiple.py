"""Holm's correction against statsmodels."""

import numpy as np
import pytest
from statsmodels.stats.multitest import multipletests

from workers.statistics.multiple import holm


@pytest.mark.parametrize("n", [1, 2, 7, 40])
def test_agrees_with_statsmodels(n):
    p_values = np.random.default_rng(n).uniform(0, 0.2, n).round(2)
    assert holm(list(p_values)) == pytest.approx(list(multipletests(p_values, method="holm")[1]), abs=1e-12)


def test_holm_of_nothing():
    assert holm([]) == []

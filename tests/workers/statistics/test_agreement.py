"""Agreement and kappa against scikit-learn and statsmodels."""

import numpy as np
import pytest
from sklearn.metrics import cohen_kappa_score
from statsmodels.stats.inter_rater import cohens_kappa

from workers.statistics.agreement import agreement, kappa

EXACT = 1e-9


@pytest.mark.parametrize("seed", range(4))
def test_kappa_agrees_with_scikit_learn_and_statsmodels(seed):
    draw = np.random.default_rng(seed)
    first = draw.integers(0, 5, 120)
    second = np.where(draw.random(120) < 0.6, first, draw.integers(0, 6, 120))
    table = np.zeros((6, 6))
    np.add.at(table, (first, second), 1)
    expected, found = cohens_kappa(table), kappa(first, second)
    assert found.value == pytest.approx(cohen_kappa_score(first, second), abs=EXACT)
    assert (found.low, found.high) == pytest.approx((expected.kappa_low, expected.kappa_upp), abs=EXACT)
    assert agreement(first, second).value == (first == second).mean()


def test_kappa_of_words_and_of_one_answer():
    assert kappa(np.array(["a", "b"]), np.array(["a", "b"])).value == 1
    assert kappa(np.array(["a", "a"]), np.array(["a", "a"])) is None

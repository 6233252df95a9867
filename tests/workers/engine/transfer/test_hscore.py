"""H-score against scikit-learn's Ledoit–Wolf covariance, inverted as a matrix."""

import numpy as np
import pytest
from sklearn.covariance import ledoit_wolf

from tests.workers.engine.transfer.problems import PROBLEMS, problem
from workers.engine.transfer.hscore import h_score


def reference(features, labels) -> float:
    covariance, shrinkage = ledoit_wolf(features)
    centred = features - features.mean(axis=0)
    means = np.zeros_like(centred)
    for value in np.unique(labels):
        means[labels == value] = centred[labels == value].mean(axis=0)
    between = means.T @ means / len(labels)
    return float((1 - shrinkage) * np.trace(np.linalg.solve(covariance, between)))


@pytest.mark.parametrize("case", PROBLEMS)
def test_agrees_with_the_matrices_written_out(case):
    assert h_score(case.features, case.labels) == pytest.approx(reference(case.features, case.labels), abs=1e-9)


@pytest.mark.parametrize("case", PROBLEMS[:6])
def test_lies_between_nothing_and_one_less_than_the_classes(case):
    assert 0 <= h_score(case.features, case.labels) <= len(np.unique(case.labels)) - 1 + 1e-9


def test_does_not_depend_on_scale_shift_or_rotation():
    case = problem(4)
    turned, _ = np.linalg.qr(np.random.default_rng(0).normal(size=(case.features.shape[1],) * 2))
    assert h_score(7.0 * case.features @ turned + 3.0, case.labels) == pytest.approx(
        h_score(case.features, case.labels), abs=1e-9
    )


def test_is_less_taken_in_by_many_columns_of_noise_than_the_plain_score():
    """Without shrinkage any features of 20 examples in 200 columns reach the greatest value, classes − 1 = 3."""
    draw = np.random.default_rng(0)
    labels = np.arange(20) % 4
    noise = draw.normal(size=(20, 200))
    centred = noise - noise.mean(axis=0)
    means = np.stack([centred[labels == value].mean(axis=0) for value in range(4)])[labels]
    plain = np.trace(np.linalg.pinv(centred.T @ centred) @ means.T @ means)
    assert plain == pytest.approx(3.0)
    assert h_score(noise, labels) < 2.0
    assert h_score(noise + 3 * draw.normal(size=(4, 200))[labels], labels) > 2.5


def test_of_features_that_do_not_vary_is_zero():
    assert h_score(np.full((10, 3), 0.1), np.arange(10) % 2) == 0.0


def test_of_one_column_is_the_share_of_variance_between_classes():
    draw = np.random.default_rng(0)
    labels = np.arange(40) % 2
    column = draw.normal(size=40) + labels
    means = np.array([column[labels == 0].mean(), column[labels == 1].mean()])[labels]
    assert h_score(column[:, None], labels) == pytest.approx(means.var() / column.var(), abs=1e-12)

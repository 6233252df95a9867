"""The linear probe and the nearest mean against scikit-learn's own pipelines on the same folds."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.metrics import r2_score
from sklearn.model_selection import PredefinedSplit, cross_val_predict
from sklearn.neighbors import NearestCentroid
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from tests.workers.engine.transfer.problems import PROBLEMS, problem
from workers.engine.transfer.folds import folds_of
from workers.engine.transfer.probe import linear_probe, nearest_mean


def held_out(model, features, targets, seed):
    split = PredefinedSplit(folds_of(targets, seed=seed))
    return cross_val_predict(make_pipeline(StandardScaler(), model), features, targets, cv=split)


@pytest.mark.parametrize("case", PROBLEMS[:8])
def test_agrees_with_pipelines_of_scikit_learn(case):
    probed = held_out(LogisticRegression(max_iter=1000), case.features, case.labels, 3)
    assert linear_probe(case.features, case.labels, seed=3) == (probed == case.labels).mean()
    nearest = held_out(NearestCentroid(), case.features, case.labels, 3)
    assert nearest_mean(case.features, case.labels, seed=3) == (nearest == case.labels).mean()


@pytest.mark.parametrize("columns", [5, 90])
def test_of_numbers_is_the_r2_of_ridge_regression(columns):
    draw = np.random.default_rng(0)
    features = draw.normal(size=(50, columns))
    target = features[:, 0] + 0.3 * draw.normal(size=50)
    predicted = held_out(Ridge(alpha=1.0), features, target, 0)
    assert linear_probe(features, target) == pytest.approx(r2_score(target, predicted), abs=1e-9)


def test_deals_every_class_evenly_over_the_folds():
    labels = np.repeat([0, 1, 7], [23, 10, 4])
    fold = folds_of(labels, seed=1)
    for value in np.unique(labels):
        counts = np.bincount(fold[labels == value], minlength=5)
        assert counts.max() - counts.min() <= 1
    assert np.array_equal(fold, folds_of(labels, seed=1))
    assert not np.array_equal(fold, folds_of(labels, seed=2))


def test_says_nothing_of_a_class_it_never_saw():
    """One example of its class is held out once, and nobody could know its class then."""
    features = np.vstack([problem(7).features[:20], [[50.0] * problem(7).features.shape[1]]])
    labels = np.array([0, 1] * 10 + [2])
    assert nearest_mean(features, labels) <= 20 / 21


def test_ignores_columns_that_do_not_vary():
    case = problem(9)
    still = np.hstack([case.features, np.full((len(case.labels), 2), 1e6 / 3)])
    assert linear_probe(still, case.labels) == linear_probe(case.features, case.labels)


def test_refuses_a_single_example():
    with pytest.raises(ValueError, match="too few"):
        linear_probe(np.ones((1, 2)), np.array([0]))

"""LogME against the Gaussian evidence written out as an n × n matrix, and against what must not change it."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize
from scipy.stats import multivariate_normal

from tests.workers.engine.transfer.problems import PROBLEMS, problem
from workers.contracts.errors import UserError
from workers.engine.transfer.logme import logme


def best_evidence(features, y) -> float:
    """max over α, β of ln N(y; 0, I/β + FFᵀ/α), by eigenvalues of FFᵀ and a general-purpose optimiser from many starts."""
    values, vectors = np.linalg.eigh(features @ features.T)
    values, squares = np.maximum(values, 0.0), (vectors.T @ y) ** 2

    def loss(at) -> float:
        variance = np.exp(-at[1]) + np.exp(-at[0]) * values
        return 0.5 * float((np.log(2 * np.pi * variance) + squares / variance).sum())

    scale = np.log(values.max())
    starts = [(scale + a, b) for a in (-8, -4, 0, 4, 8) for b in (0, 4)]
    found = [
        minimize(loss, start, method="Nelder-Mead", options={"xatol": 1e-9, "fatol": 1e-13, "maxiter": 4000})
        for start in starts
    ]
    return -min(result.fun for result in found) / len(y)


def columns(labels):
    return [(labels == value).astype(float) for value in np.unique(labels)]


@pytest.mark.parametrize("case", PROBLEMS)
def test_is_the_greatest_evidence(case):
    expected = np.mean([best_evidence(case.features, y) for y in columns(case.labels)[:2]])
    only = [y for y in columns(case.labels)[:2]]
    ours = np.mean([logme(case.features, y) for y in only])
    assert ours == pytest.approx(expected, abs=1e-8)


@pytest.mark.parametrize("case", PROBLEMS)
def test_means_over_the_classes_that_occur(case):
    per_class = [logme(case.features, y) for y in columns(case.labels)]
    assert logme(case.features, case.labels) == pytest.approx(np.mean(per_class), abs=1e-12)


def test_agrees_with_the_papers_fixed_point_where_that_has_converged():
    case = problem(3)
    u, s, _ = np.linalg.svd(case.features, full_matrices=False)
    sigma, n, k = s**2, len(case.labels), len(s)
    y = columns(case.labels)[0]
    x2, alpha, beta = (u.T @ y) ** 2, 1.0, 1.0
    for _ in range(20_000):
        t = alpha / beta
        gamma = (sigma / (sigma + t)).sum()
        m2 = (sigma * x2 / (sigma + t) ** 2).sum()
        r2 = (x2 / (1 + sigma / t) ** 2).sum() + y @ y - x2.sum()
        alpha, beta = gamma / m2, (n - gamma) / r2
    evidence = 0.5 * (k * np.log(alpha) + n * np.log(beta) - np.log(alpha + beta * sigma).sum())
    evidence -= 0.5 * (beta * r2 + alpha * m2 + n * np.log(2 * np.pi))
    assert logme(case.features, y) == pytest.approx(evidence / n, abs=1e-9)
    covariance = np.eye(n) / beta + case.features @ case.features.T / alpha
    assert evidence == pytest.approx(multivariate_normal.logpdf(y, np.zeros(n), covariance), abs=1e-6)


def test_counts_directions_and_not_columns():
    """The same span, written with columns that repeat: nothing was learned, so nothing may change."""
    case = problem(1)
    twice = np.hstack([case.features, case.features]) / np.sqrt(2)
    assert logme(twice, case.labels) == pytest.approx(logme(case.features, case.labels), abs=1e-9)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10_000), st.floats(1e-4, 1e4))
def test_does_not_depend_on_scale_rotation_or_the_order_of_examples(seed, scale):
    case = problem(seed)
    draw = np.random.default_rng(seed)
    turned, _ = np.linalg.qr(draw.normal(size=(case.features.shape[1],) * 2))
    order = draw.permutation(len(case.labels))
    changed = logme((scale * case.features @ turned)[order], case.labels[order])
    assert changed == pytest.approx(logme(case.features, case.labels), abs=1e-7)


def test_prefers_features_that_hold_the_label():
    draw = np.random.default_rng(0)
    labels = np.arange(120) % 3
    noise = draw.normal(size=(120, 8))
    telling = noise + 3.0 * np.eye(8)[labels]
    assert logme(telling, labels) > logme(noise, labels) + 0.1


def test_takes_numbers_as_they_are():
    draw = np.random.default_rng(0)
    features = draw.normal(size=(60, 5))
    target = features @ draw.normal(size=5) + 0.1 * draw.normal(size=60)
    assert logme(features, target) == pytest.approx(best_evidence(features, target), abs=1e-8)


@pytest.mark.parametrize("features", [np.zeros((10, 3)), np.ones((10, 3)), np.eye(10)])
def test_stays_finite_on_features_without_information_or_with_all_of_it(features):
    assert np.isfinite(logme(features, np.arange(10) % 2))
    assert np.isfinite(logme(np.eye(2)[np.arange(10) % 2], np.arange(10) % 2))


def test_refuses_features_that_are_not_numbers():
    features = np.ones((10, 3), dtype=np.float32)
    features[4, 1] = np.nan
    with pytest.raises(UserError, match=r"lab/broken gives NaN or infinity, first at example 4") as caught:
        logme(features, np.arange(10) % 2, name="lab/broken")
    assert caught.value.findings[0].code == "nan_features"


def test_refuses_labels_of_another_length():
    with pytest.raises(ValueError, match="labels of shape"):
        logme(np.ones((10, 3)), np.arange(9))

"""Baselines that are trained for a moment: a linear probe and the nearest class mean, over five folds."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from workers.engine.transfer.checks import Floats, checked, same_rows
from workers.engine.transfer.folds import folds_of

Fit = Callable[[Floats, Floats, Floats], Floats]
STRENGTH = 1.0
_ROUNDS = 1000


def linear_probe(
    features: NDArray[np.floating], targets: NDArray[np.generic], *, name: str = "The model", seed: int = 0
) -> float:
    """What a linear model on the features gets right of examples it has not seen.

    Classes: the share right of multinomial logistic regression, L2 with strength 1. Numbers: R² = 1 − Σ(y−ŷ)²/Σ(y−ȳ)² of ridge
    regression with strength 1. Every example is predicted once, by the model trained on the other folds, whose mean and
    standard deviation scale the features.

    Args:
        features: [n, d], floating point.
        targets: [n], integers are classes, floats are numbers.
        name: the model's, for messages.
        seed: deals the examples out to folds.

    Returns:
        a share for classes, R² for numbers (at most 1, below 0 when worse than the mean).

    Raises:
        UserError: a feature is not finite.
        ValueError: shapes differ, or fewer examples than folds.

    Determinism: equal for equal seed and number of threads.
    """
    matrix, fold = _prepared(features, targets, name, seed)
    if np.issubdtype(targets.dtype, np.floating):
        values = targets.astype(np.float64)
        predicted = _over_folds(matrix, values, fold, _ridge)
        total = float(((values - values.mean()) ** 2).sum())
        return 1.0 - float(((values - predicted) ** 2).sum()) / total if total > 0 else 0.0
    return float((_over_folds(matrix, targets.astype(np.float64), fold, _logistic) == targets).mean())


def nearest_mean(
    features: NDArray[np.floating], labels: NDArray[np.integer], *, name: str = "The model", seed: int = 0
) -> float:
    """Share of examples whose class has the nearest mean (Euclidean, features scaled), means taken over the other folds.

    Source: Mensink et al. 2013. Arguments, folds and errors are those of `linear_probe`; the lowest class among equals.
    """
    matrix, fold = _prepared(features, labels, name, seed)
    return float((_over_folds(matrix, labels.astype(np.float64), fold, _nearest) == labels).mean())


def _prepared(
    features: NDArray[np.floating], targets: NDArray[np.generic], name: str, seed: int
) -> tuple[Floats, NDArray[np.int64]]:
    matrix = checked(features, name)
    same_rows(matrix, targets)
    fold = folds_of(targets, seed=seed)
    if len(np.unique(fold)) < 2:
        raise ValueError(f"{len(matrix)} examples are too few for folds")
    return matrix, fold


def _over_folds(matrix: Floats, targets: Floats, fold: NDArray[np.int64], fit: Fit) -> Floats:
    predicted = np.empty(len(matrix))
    for held in np.unique(fold):
        seen = fold != held
        mean, scale = matrix[seen].mean(axis=0), matrix[seen].std(axis=0)
        # A column that does not vary among the seen examples says nothing; dividing by its rounding would make it loud.
        steady = scale <= 1e-12 * np.maximum(np.abs(mean), 1.0)
        scaled = np.where(steady, 0.0, (matrix - mean) / np.where(steady, 1.0, scale))
        predicted[~seen] = fit(scaled[seen], targets[seen], scaled[~seen])
    return predicted


def _logistic(seen: Floats, labels: Floats, unseen: Floats) -> Floats:
    from sklearn.linear_model import LogisticRegression

    if len(np.unique(labels)) == 1:
        return np.full(len(unseen), labels[0])
    model = LogisticRegression(C=1.0 / STRENGTH, max_iter=_ROUNDS).fit(seen, labels)
    return np.asarray(model.predict(unseen), dtype=np.float64)


def _ridge(seen: Floats, values: Floats, unseen: Floats) -> Floats:
    """The normal equations of the smaller side: `Fᵀ(FFᵀ + λI)⁻¹y` equals `(FᵀF + λI)⁻¹Fᵀy`."""
    mean = values.mean()
    rows, columns = seen.shape
    if columns <= rows:
        weights = np.linalg.solve(seen.T @ seen + STRENGTH * np.eye(columns), seen.T @ (values - mean))
    else:
        weights = seen.T @ np.linalg.solve(seen @ seen.T + STRENGTH * np.eye(rows), values - mean)
    return np.asarray(unseen @ weights + mean)


def _nearest(seen: Floats, labels: Floats, unseen: Floats) -> Floats:
    classes = np.unique(labels)
    means = np.stack([seen[labels == value].mean(axis=0) for value in classes])
    # ‖x‖² is the same for every class.
    distance = (means**2).sum(axis=1) - 2.0 * unseen @ means.T
    return np.asarray(classes[distance.argmin(axis=1)])

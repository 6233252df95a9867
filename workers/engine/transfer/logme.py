"""LogME: the evidence of a Bayesian linear model, at its best precisions."""

import numpy as np
from numpy.typing import NDArray

from workers.engine.transfer.checks import Floats, checked, one_hot, same_rows

_FLOOR = 1e-10  # of ‖y‖²: features that hold the labels exactly would have unbounded evidence
_EXTREME = 1e12
_GRID = 193
_SHRINK = (5**0.5 - 1) / 2
_ROUNDS = 44  # golden section: the last bracket is 1e-9 of the first, and the evidence is flat at its top


def logme(features: NDArray[np.floating], targets: NDArray[np.generic], *, name: str = "The model") -> float:
    """How probable the labels are when a linear model on the features explains them, per example and column.

    For each column y (one per class present, 0/1; the numbers themselves where `targets` are floats):
    `ln p(y|F, α, β) = ½k ln α + ½N ln β − ½Σ ln(α+βσ) − ½β r² − ½α m² − ½N ln 2π`, with F = U diag(s) Vᵀ, σ = s², k the rank
    of F, x = Uᵀy, t = α/β, `m² = Σ σx²/(σ+t)²`, `r² = Σ x²/(1+σ/t)² + ‖y‖² − Σx²`, at the α and β that maximise it.
    LogME = mean over columns of ln p / N.

    Source: You et al. 2021, arXiv:2102.11005, section 4 and algorithm 1. Two deviations. The first term counts the k directions that F
        spans, not its D columns: with D the value is no evidence once k < D (few examples, or columns that depend on each
        other), and models of different widths change places. And the maximum is searched for along t, where β is known:
        `β = N/(r² + t m²)`. Where the paper's fixed point converges it is that maximum; a few rounds from α = β = 1 need not.

    Args:
        features: [n, d], floating point; worked on in float64, neither centred nor scaled.
        targets: [n], integers are classes, floats are numbers.
        name: the model's, for messages.

    Returns:
        nats per example; higher is better. Comparable between models on the same examples alone. The same for all
        multiples and rotations of the features.

    Raises:
        UserError: a feature is not finite.
        ValueError: shapes differ.

    Cost: one thin SVD of the features.
    """
    matrix = checked(features, name)
    same_rows(matrix, targets)
    is_number = np.issubdtype(targets.dtype, np.floating)
    columns = targets.astype(np.float64)[:, None] if is_number else one_hot(targets.astype(np.int64))
    left, singular, _ = np.linalg.svd(matrix, full_matrices=False)
    kept = singular > singular.max(initial=0.0) * max(matrix.shape) * np.finfo(np.float64).eps
    return float(np.mean([_evidence(left[:, kept], singular[kept] ** 2, y) for y in columns.T]))


def _evidence(left: Floats, sigma: Floats, y: Floats) -> float:
    """ln p(y) / N at the best α and β. `left` [n, k] and `sigma` [k] of the directions that F spans."""
    n, k = left.shape
    length = max(float(y @ y), np.finfo(np.float64).tiny)
    x2 = (left.T @ y) ** 2
    # Outside the span. With as many directions as examples there is nothing outside, and a difference would be rounding.
    rest = max(length - float(x2.sum()), 0.0) if k < n else 0.0

    def at(log_t: Floats) -> Floats:
        """The evidence per example at each t, with the best β for it."""
        t = np.exp(log_t)[:, None]
        share = t / (sigma + t)
        error = np.maximum((share * x2).sum(axis=1) + rest, _FLOOR * length)
        fit = 0.5 * n * np.log(n / error) + 0.5 * np.log(share).sum(axis=1)
        return np.asarray(fit / n - 0.5 - 0.5 * np.log(2 * np.pi))

    if k == 0:
        return float(at(np.zeros(1))[0])
    edge = np.log(_EXTREME)
    grid = np.log(float(sigma.max())) + np.linspace(-edge, edge, _GRID)
    best = int(at(grid).argmax())
    low, high = grid[max(best - 1, 0)], grid[min(best + 1, _GRID - 1)]
    for _ in range(_ROUNDS):
        points = np.array([high - _SHRINK * (high - low), low + _SHRINK * (high - low)])
        first, second = at(points)
        low, high = (low, points[1]) if first >= second else (points[0], high)
    return float(at(np.array([low, (low + high) / 2, high])).max())

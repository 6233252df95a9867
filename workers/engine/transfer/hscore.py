"""H-score with a shrunk covariance."""

import numpy as np
from numpy.typing import NDArray

from workers.engine.transfer.checks import Floats, checked, same_rows


def h_score(features: NDArray[np.floating], labels: NDArray[np.integer], *, name: str = "The model") -> float:
    """Spread between the classes' means, measured in units of the features' spread.

    `(1−δ) tr(Σ_δ⁻¹ Σ_between)`, `Σ_δ = (1−δ)Σ + δ tr(Σ)/d I`, Σ the covariance of the features and Σ_between that of the class
    mean of each example, both divided by n; δ is Ledoit and Wolf's.

    Source: Ibrahim et al. 2022, arXiv:2110.06893, section 4 (its factor 1−δ before Σ_between included); δ: Ledoit and Wolf 2004. The plain score (Bao et al. 2019) takes the
        inverse of Σ, and comes near classes − 1 for any features once n < d.

    Args:
        features: [n, d], floating point.
        labels: [n], integers.
        name: the model's, for messages.

    Returns:
        0 to classes − 1; higher is better. 0 for features that do not vary.

    Raises:
        UserError: a feature is not finite.
        ValueError: shapes differ.

    Cost: one thin SVD of the features; the d × d covariance is never formed.
    """
    matrix = checked(features, name)
    same_rows(matrix, labels)
    n, d = matrix.shape
    centred = matrix - matrix.mean(axis=0)
    _, singular, right = np.linalg.svd(centred, full_matrices=False)
    kept = singular > max(float(np.abs(matrix).max()), singular[0]) * max(n, d) * np.finfo(np.float64).eps
    spread, right = singular[kept] ** 2 / n, right[kept]
    level = float(spread.sum()) / d
    if level == 0.0:
        return 0.0
    shrinkage = shrinkage_of(centred, spread, level)
    _, target = np.unique(labels, return_inverse=True)
    counts = np.bincount(target)
    sums = np.zeros((len(counts), d))
    np.add.at(sums, target, centred)
    means = sums / counts[:, None] * np.sqrt(counts / n)[:, None]
    # Class means lie in the span of the examples: outside of it the inverse has nothing to act on.
    along = means @ right.T
    return float((1 - shrinkage) * ((along**2) / ((1 - shrinkage) * spread + shrinkage * level)).sum())


def shrinkage_of(centred: Floats, spread: Floats, level: float) -> float:
    """Ledoit and Wolf's δ in [0, 1].

    `δ = min(b̄², d²)/d²`, `d² = ‖Σ − μI‖²/p`, `b̄² = (1/n² Σ_i ‖x_i‖⁴ − ‖Σ‖²/n)/p`, μ = tr(Σ)/p, p the number of columns.

    Args:
        centred: [n, p], columns of mean 0.
        spread: eigenvalues of Σ = XᵀX/n; those left out are 0.
        level: μ.
    """
    n, p = centred.shape
    squared = float((spread**2).sum())
    distance = squared / p - level**2
    fourth = float(((centred**2).sum(axis=1) ** 2).sum())
    noise = (fourth / n**2 - squared / n) / p
    # Σ is μI already, as a single column always is: there is nothing to shrink towards.
    if distance <= 1e-14 * level**2:
        return 0.0
    return float(np.clip(noise / distance, 0.0, 1.0))

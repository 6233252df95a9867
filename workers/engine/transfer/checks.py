"""What every estimator asks of its input, said once."""

import numpy as np
from numpy.typing import NDArray

from workers.contracts.errors import UserError
from workers.contracts.findings import Finding

Floats = NDArray[np.float64]
Labels = NDArray[np.int64]


def checked(values: NDArray[np.floating], name: str) -> Floats:
    """`values` [n, d] as float64, refused when a number is NaN or infinite.

    Raises:
        UserError: a value is not finite.
        ValueError: not a matrix, or without rows or columns.
    """
    matrix = np.ascontiguousarray(values, dtype=np.float64)
    if matrix.ndim != 2 or 0 in matrix.shape:
        raise ValueError(f"a matrix with rows and columns is needed, not one of shape {matrix.shape}")
    broken = ~np.isfinite(matrix).all(axis=1)
    if broken.any():
        row = int(np.argmax(broken))
        message = f"{name} gives NaN or infinity, first at example {row}. Its weights are broken or overflow."
        raise UserError(
            message, (Finding(code="nan_features", severity="error", message=message, where="models", stage="run"),)
        )
    return matrix


def one_hot(labels: Labels) -> Floats:
    """Indicator columns [n, classes present]: a class without examples has no column."""
    return np.asarray(labels[:, None] == np.unique(labels)[None, :], dtype=np.float64)


def same_rows(values: Floats, labels: NDArray[np.generic]) -> None:
    """Raises ValueError unless there is one label for each row."""
    if labels.shape != values.shape[:1]:
        raise ValueError(f"{len(values)} rows and labels of shape {labels.shape}")

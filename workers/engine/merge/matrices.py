"""What methods on singular vectors share: which tensors are matrices to them, thin factorisations, polar factors. All in float64."""

from collections.abc import Callable, Sequence

import torch

from workers.engine.merge.step import MergeStep

# From the Gram matrix, whose condition is the square: to about eps·10^8 relative. Beyond, the matrix itself is decomposed.
TRUSTED_CONDITION = 1e4
EPSILON = torch.finfo(torch.float64).eps


def merge_matrices(step: MergeStep, merged_of: Callable[[list[torch.Tensor]], torch.Tensor]) -> torch.Tensor:
    """b + λ·m, where m is `merged_of` the task vectors for a matrix, and their mean for any other tensor.

    Args:
        step: its parameter `lambda` scales.
        merged_of: given the task vectors as `[rows, columns]` in the method's maths, returns their merge in that shape.

    A matrix with entries that are no numbers has no singular vectors. Its mean carries them on, and the report counts them.
    """
    scale = float(step.parameters["lambda"])

    def change(vectors: list[torch.Tensor]) -> torch.Tensor:
        is_matrix = len(step.shape) == 2 and min(step.shape) > 0
        if is_matrix and all(bool(vector.isfinite().all()) for vector in vectors):
            merged = merged_of(vectors)
        else:
            merged = running_mean(vectors)
        return merged.mul_(scale).to(step.maths)

    return step.combine_whole(change)


def running_mean(vectors: Sequence[torch.Tensor]) -> torch.Tensor:
    """Σ x_i / n in place of the first: m ← m + (x_i − m)/i, which never leaves the range of its inputs."""
    mean = vectors[0]
    for count, vector in enumerate(vectors[1:], start=2):
        mean.add_(vector.sub_(mean).div_(count))
    return mean


def total_of(vectors: Sequence[torch.Tensor]) -> torch.Tensor:
    """Σ x_i in float64, in order."""
    total = vectors[0].to(torch.float64, copy=True)
    for vector in vectors[1:]:
        total.add_(vector)
    return total


def leading(matrix: torch.Tensor, count: int, *, floor: float = 0.0) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """The `count` largest singular triplets: `U [m, k]`, `S [k]` descending, `V [n, k]`, with k ≤ `count`.

    Directions whose singular value is zero to working precision are left out: which vectors span them is arbitrary.

    Args:
        matrix: `[m, n]`, any floating format; worked on in float64.
        floor: singular values up to this are rounding too, for a matrix that is the difference of larger ones.

    Cost: the eigenvectors of the smaller Gram matrix, O(m·n·min + min³); a full decomposition where the k-th singular value is
        below 1e-4 of the first.
    Determinism: LAPACK with one thread, in float64.
    """
    wide = matrix.double()
    is_tall = wide.shape[0] >= wide.shape[1]
    count = min(count, *wide.shape)
    squares, vectors = torch.linalg.eigh(wide.mT @ wide if is_tall else wide @ wide.mT)
    squares, vectors = squares.flip(0)[:count], vectors.flip(1)[:, :count]
    if count == 0 or float(squares[-1]) > max(float(squares[0]) / TRUSTED_CONDITION**2, floor**2):
        values = squares.sqrt()
        others = (wide @ vectors if is_tall else wide.mT @ vectors) / values
        left, right = (others, vectors) if is_tall else (vectors, others)
        return left, values, right
    left, values, right = torch.linalg.svd(wide, full_matrices=False)
    kept = min(count, int((values > max(null_level(wide, values), floor)).sum()))
    return left[:, :kept], values[:kept], right[:kept].mT


def polar(matrix: torch.Tensor) -> tuple[torch.Tensor, float, int]:
    """The orthogonal polar factor U·Vᵀ of M = U·S·Vᵀ, the sum of the singular values, and the rank.

    The nearest matrix with orthonormal columns (or rows, where it is wide). Directions of singular value zero stay zero: there the
    factor is not unique.

    Args:
        matrix: `[m, n]` float64.

    Cost: M·(MᵀM)^(-1/2) by the eigenvectors of the smaller Gram matrix; by decomposing M itself where its condition number is
        above 1e4.
    """
    is_tall = matrix.shape[0] >= matrix.shape[1]
    squares, vectors = torch.linalg.eigh(matrix.mT @ matrix if is_tall else matrix @ matrix.mT)
    if float(squares[0]) * TRUSTED_CONDITION**2 > float(squares[-1]):
        values = squares.sqrt()
        root = (vectors / values) @ vectors.mT
        return (matrix @ root if is_tall else root @ matrix), float(values.sum()), len(values)
    left, values, right = torch.linalg.svd(matrix, full_matrices=False)
    kept = int((values > null_level(matrix, values)).sum())
    return left[:, :kept] @ right[:kept], float(values[:kept].sum()), kept


def null_level(matrix: torch.Tensor, values: torch.Tensor) -> float:
    """Singular values at or below this are zero to working precision."""
    return max(matrix.shape) * EPSILON * float(values[0])

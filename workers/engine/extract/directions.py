"""The strongest directions of a matrix: exact, or by a randomised range finder with two power iterations."""

import math
from collections.abc import Mapping
from typing import Any

import torch

from kernels.dispatch import kernel
from kernels.reference.philox import key_of

OVERSAMPLING, POWER_ITERATIONS = 10, 2
# Up to this many rows or columns an exact decomposition takes no longer than it is worth.
EXACT_UP_TO = 768
Triplets = tuple[torch.Tensor, torch.Tensor, torch.Tensor]


def strongest(matrix: torch.Tensor, options: Mapping[str, Any], name: str, seed: int) -> Triplets:
    """U `[m, r]`, S `[r]` falling, V `[n, r]`: r is `rank` at most, and no more than `energy` asks for.

    The smallest r with Σ_{i≤r} S_i² ≥ energy·‖M‖²; directions of singular value zero are left out.

    Args:
        matrix: `[m, n]`; worked on in float64.
        options: `rank` ≥ 1, `energy` in (0, 1] or None, `solver`: exact, randomised or auto.
        name, seed: key the draws of the randomised solver.

    Source: Halko, Martinsson and Tropp 2011, arXiv:0909.4061, algorithms 4.4 and 5.1, with an oversampling of 10 and two power
        iterations.
    Cost: exact O(m·n·min); randomised O(m·n·(r + 10)).
    Determinism: draws are Philox4x32-10; LAPACK with one thread.
    """
    wide = matrix.double()
    rank = min(int(options["rank"]), *wide.shape)
    solver = options.get("solver", "auto")
    is_exact = solver == "exact" or (
        solver == "auto" and (min(wide.shape) <= EXACT_UP_TO or rank + OVERSAMPLING >= min(wide.shape) // 2)
    )
    left, values, right = _exact(wide) if is_exact else _randomised(wide, rank, name, seed)
    left, values, right = left[:, :rank], values[:rank], right[:, :rank]
    kept = int(
        (values > max(wide.shape) * torch.finfo(torch.float64).eps * (float(values[0]) if len(values) else 0.0)).sum()
    )
    energy = options.get("energy")
    if energy is not None and kept:
        wanted = float(energy) * float((wide * wide).sum())
        reached = torch.cumsum(values[:kept] ** 2, 0) >= wanted * (1 - 1e-12)
        kept = int(torch.nonzero(reached)[0]) + 1 if bool(reached.any()) else kept
    return left[:, :kept], values[:kept], right[:, :kept]


def _exact(matrix: torch.Tensor) -> Triplets:
    left, values, right = torch.linalg.svd(matrix, full_matrices=False)
    return left, values, right.mT


def _randomised(matrix: torch.Tensor, rank: int, name: str, seed: int) -> Triplets:
    width = min(rank + OVERSAMPLING, *matrix.shape)
    basis, _ = torch.linalg.qr(matrix @ _normal(matrix.shape[1], width, name, seed))
    for _ in range(POWER_ITERATIONS):
        across, _ = torch.linalg.qr(matrix.mT @ basis)
        basis, _ = torch.linalg.qr(matrix @ across)
    left, values, right = torch.linalg.svd(basis.mT @ matrix, full_matrices=False)
    return basis @ left, values, right.mT


def _normal(rows: int, columns: int, name: str, seed: int) -> torch.Tensor:
    """Standard normal draws `[rows, columns]` by Box and Muller's transform of two uniform ones each."""
    count = rows * columns
    words = kernel("words")(key_of(seed, name, 0), 0, 2 * count).double()
    radius = torch.sqrt(-2 * torch.log((words[:count] + 1) / 2**32))
    return (radius * torch.cos(words[count:] * (2 * math.pi / 2**32))).view(rows, columns)

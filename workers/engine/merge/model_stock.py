"""Model stock: between the base and the mean of its fine-tunes, at the place that the angle between them tells."""

import itertools

import torch

from workers.engine.merge.gram import gram
from workers.engine.merge.step import MergeStep
from workers.engine.merge.weighting import weighted_sum

SMALLEST = 1e-6


def merge(step: MergeStep) -> torch.Tensor:
    """Interpolates between base and mean of the sources, by the mean cosine of the angles between their changes.

    τ_i = θ_i − b;  c = mean over pairs of τ_i·τ_j / max(‖τ_i‖‖τ_j‖, 1e-6), each in [−1, 1];  t = n·c / (1 + (n−1)·c), 0 where
    that divisor is below 1e-6 in size;  θ = t·(1/n Σ θ_i) + (1 − t)·b.  With `filter_wise` each row along the last axis has a t.

    Source: Jang, Yun, Han 2024, "Model Stock", arXiv:2403.19522, equations 2 and 4; the mean over pairs stands for its one
        angle. t is not clamped: changes that point apart (c < 0) lead away from the mean.

    Args:
        step: a base and n ≥ 2 sources `[N]`. Parameters: `filter_wise`.

    Returns:
        `[N]` in the step's dtype.

    Cost: two passes; with `filter_wise` every source's change in full.
    Determinism: products are added in float64, in order.
    """
    if step.parameters["filter_wise"]:
        return step.combine_whole(_by_row)
    products = gram(step)
    count = len(step.sources)
    pairs = itertools.combinations(range(count), 2)
    cosines = [cosine(products[i, i], products[j, j], products[i, j]) for i, j in pairs]
    position = interpolation(torch.stack(cosines).mean(), count).item()
    weights = [position / count] * count
    out, scratch = step.buffer(), step.buffer()
    return step.combine(lambda vectors, start: weighted_sum(vectors, weights, 1.0, out[: vectors[0].numel()], scratch))


def cosine(first: torch.Tensor, second: torch.Tensor, product: torch.Tensor) -> torch.Tensor:
    """cos of the angle from ‖τ_i‖², ‖τ_j‖² and τ_i·τ_j."""
    return (product / (first.sqrt() * second.sqrt()).clamp_min(SMALLEST)).clamp(-1.0, 1.0)


def interpolation(cosine: torch.Tensor, count: int) -> torch.Tensor:
    """t = n·c / (1 + (n − 1)·c)."""
    divisor = 1 + (count - 1) * cosine
    small = divisor.abs() < SMALLEST
    return torch.where(small, 0.0, count * cosine / torch.where(small, 1.0, divisor))


def _by_row(changes: list[torch.Tensor]) -> torch.Tensor:
    rows = [change.view(1) if change.ndim == 0 else change for change in changes]

    def product(left: torch.Tensor, right: torch.Tensor) -> torch.Tensor:
        return torch.sum(left * right, dim=-1, keepdim=True, dtype=torch.float64)

    squares = [product(row, row) for row in rows]
    cosines = [
        cosine(squares[i], squares[j], product(rows[i], rows[j]))
        for i, j in itertools.combinations(range(len(rows)), 2)
    ]
    position = interpolation(torch.stack(cosines).mean(dim=0), len(rows))
    total = rows[0]
    for row in rows[1:]:
        total.add_(row)
    return total.mul_((position / len(rows)).to(total.dtype)).view(changes[0].shape)

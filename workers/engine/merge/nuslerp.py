"""NuSLERP: along the arc between two sources, or between what they changed in a base."""

import torch

from workers.engine.merge.gram import gram
from workers.engine.merge.step import MergeStep
from workers.engine.merge.weighting import weighted_sum

SMALLEST_NORM = 1e-7
COLINEAR = 1e-16


def merge(step: MergeStep) -> torch.Tensor:
    """Spherical interpolation of two vectors: the sources, or their changes x_i = θ_i − b, to which b is added again.

    t = w_2 / (w_1 + w_2), ½ where |w_1 + w_2| < 1e-6;  c = cos φ = x_1·x_2 / (‖x_1‖‖x_2‖), norms at least 1e-7;
    x = sin((1−t)φ)/sin φ · x_1 + sin(tφ)/sin φ · x_2;  (1−t)·x_1 + t·x_2 where 1 − c² ≤ 1e-16.

    With `nuslerp_flatten` a tensor is one vector; without it every row along the last axis is one, or with `nuslerp_row_wise`
    everything along the first axis.

    Source: mergekit 0.1.5, `nuslerp`, after Shoemake 1985. Deviation: norms and products in float64.

    Args:
        step: two sources `[N]`, a base or none. Parameters: `weight` per source, `nuslerp_flatten`, `nuslerp_row_wise`.

    Returns:
        `[N]` in the step's dtype.

    Cost: two passes; without `nuslerp_flatten` both vectors in full.
    Determinism: products are added in float64, in order.
    """
    first, second = step.each("weight")
    position = second / (first + second) if abs(first + second) >= 1e-6 else 0.5
    if not step.parameters["nuslerp_flatten"]:
        axis = 0 if step.parameters["nuslerp_row_wise"] else -1
        return step.combine_whole(lambda vectors: _each(vectors[0], vectors[1], position, axis))
    products = gram(step)
    keep, take = coefficients(products[0, 0], products[1, 1], products[0, 1], position)
    out, scratch = step.buffer(), step.buffer()
    weights = [keep.item(), take.item()]
    return step.combine(lambda vectors, start: weighted_sum(vectors, weights, 1.0, out[: vectors[0].numel()], scratch))


def coefficients(
    first: torch.Tensor, second: torch.Tensor, product: torch.Tensor, position: float
) -> tuple[torch.Tensor, torch.Tensor]:
    """How much of each vector, from ‖x_1‖², ‖x_2‖² and x_1·x_2; float64 of any one shape, one entry for each pair of vectors."""
    norms = first.sqrt().clamp_min(SMALLEST_NORM) * second.sqrt().clamp_min(SMALLEST_NORM)
    cosine = (product / norms).clamp(-1.0, 1.0)
    angle = cosine.acos()
    colinear = 1 - cosine * cosine <= COLINEAR
    sine = torch.where(colinear, 1.0, angle.sin())
    keep = torch.where(colinear, 1 - position, ((1 - position) * angle).sin() / sine)
    return keep, torch.where(colinear, position, (position * angle).sin() / sine)


def _each(first: torch.Tensor, second: torch.Tensor, position: float, axis: int) -> torch.Tensor:
    """Vector by vector along one axis."""
    shape = first.shape
    if not shape:
        first, second = first.view(1), second.view(1)
    squared, other_squared, product = (
        torch.sum(left * right, dim=axis, keepdim=True, dtype=torch.float64)
        for left, right in ((first, first), (second, second), (first, second))
    )
    keep, take = coefficients(squared, other_squared, product, position)
    return first.mul_(keep.to(first.dtype)).add_(second.mul_(take.to(first.dtype))).view(shape)

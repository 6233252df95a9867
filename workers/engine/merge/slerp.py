"""Slerp: from the base to the source along the arc between them."""

from __future__ import annotations

import math
from collections.abc import Sequence

from kernels.dispatch import kernel
from kernels.late import torch
from kernels.raw import Array
from workers.engine.merge.mapping import averaged
from workers.engine.merge.step import STRETCH, MergeStep, stretches

COLINEAR = 0.9995
TINY = 1e-8


def merge(step: MergeStep) -> Array:
    """Spherical interpolation of the two tensors, each taken as one vector.

    c = cos φ = b·θ / (‖b‖‖θ‖);  result = sin((1−t)φ)/sin φ · b + sin(tφ)/sin φ · θ, on the vectors as they are.
    Where |c| > 0.9995 the arc is as good as a line (or has no direction): (1−t)·b + t·θ. A norm ≤ 1e-8 counts as one.

    Source: Shoemake 1985, "Animating rotation with quaternion curves", SIGGRAPH, equation for Slerp. Deviation: the
        coefficients come from the unit vectors and are applied to the unnormalised ones, as is usual for weights.

    Args:
        step: a base and one source `[n]`. Parameters: `t` in [0, 1]; 0 gives the base, 1 the source.

    Returns:
        `[n]` in the step's dtype.

    Raises:
        ValueError: the plan has no base.

    Cost: two passes; without compiled kernels two float64 buffers of a stretch.
    Determinism: norms and product are summed in float64, in order, over 512 elements by compiled kernels and over stretches without.
    """
    if step.raw_base is None:
        raise ValueError(f"{step.name}: slerp goes from a base to a source, and the plan has no base.")
    position = float(step.parameters["t"])
    both = MergeStep(
        name=step.name, raw_base=None, raw_sources=(step.raw_base, *step.raw_sources), source_ids=(0, *step.source_ids),
        parameters=step.parameters, format=step.format, wide=step.wide, measures=step.measures, results=step.results,
    )  # fmt: skip
    keep, take = coefficients(*_moments(both), position)
    if both.compiled:
        return averaged(both, (keep, take))
    out, scratch = step.buffer(), step.buffer()

    def along_arc(vectors: Sequence[torch.Tensor], start: int) -> torch.Tensor:
        length = vectors[0].numel()
        torch.mul(vectors[0], keep, out=out[:length])
        return out[:length].add_(torch.mul(vectors[1], take, out=scratch[:length]))

    return both.combine(along_arc)


def coefficients(base_square: float, source_square: float, product: float, position: float) -> tuple[float, float]:
    """How much of the base and of the source: (sin((1−t)φ)/sin φ, sin(tφ)/sin φ), or (1−t, t) where they are colinear.

    Args:
        base_square, source_square, product: ‖b‖², ‖θ‖² and b·θ.
        position: t in [0, 1].
    """
    norms = [norm if norm > TINY else 1.0 for norm in (math.sqrt(base_square), math.sqrt(source_square))]
    cosine = min(1.0, max(-1.0, product / (norms[0] * norms[1])))
    if abs(cosine) > COLINEAR:
        return 1.0 - position, position
    angle = math.acos(cosine)
    return math.sin((1.0 - position) * angle) / math.sin(angle), math.sin(position * angle) / math.sin(angle)


def _moments(both: MergeStep) -> tuple[float, float, float]:
    """‖b‖², ‖θ‖², b·θ."""
    if both.compiled:
        products = kernel("gram")(None, both.raw_sources)
        return products[0, 0].item(), products[1, 1].item(), products[0, 1].item()
    base, source = both.sources
    base_square = source_square = product = 0.0
    left, right = (torch.empty(min(STRETCH, base.numel()), dtype=torch.float64) for _ in range(2))
    for start, stop in stretches(base.numel()):
        first, second = left[: stop - start].copy_(base[start:stop]), right[: stop - start].copy_(source[start:stop])
        base_square += torch.dot(first, first).item()
        source_square += torch.dot(second, second).item()
        product += torch.dot(first, second).item()
    return base_square, source_square, product

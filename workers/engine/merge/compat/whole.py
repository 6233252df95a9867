"""Whole tensors in their own format in, a whole tensor out: the frame of every method that computes as mergekit does."""

from collections.abc import Callable
from functools import reduce

import torch

from workers.engine.merge.step import STRETCH, MergeStep, stretches

Native = Callable[[MergeStep, torch.Tensor | None, list[torch.Tensor]], torch.Tensor]


def merge(native: Native, step: MergeStep) -> torch.Tensor:
    """Gives a method base and sources in the step's shape, in the format that all of them are promoted to.

    Args:
        native: (step, base or None, sources) → result, in any floating format. It leaves what it is given as it is.

    Returns:
        `[n]` in the step's dtype.

    Cost: every input in full where formats differ, the result, and what the method takes.
    """
    given = [*([] if step.base is None else [step.base]), *step.sources]
    dtype = reduce(torch.promote_types, [tensor.dtype for tensor in given])
    tensors = [tensor.to(dtype).view(step.shape) for tensor in given]
    base = None if step.base is None else tensors[0]
    made = native(step, base, tensors[len(tensors) - len(step.sources) :]).reshape(-1)
    result = made.to(step.dtype)
    _measure(step, made, result)
    return result


def required(step: MergeStep, base: torch.Tensor | None) -> torch.Tensor:
    if base is None:
        raise ValueError(f"{step.name}: the method measures changes from a base, and the plan has none.")
    return base


def _measure(step: MergeStep, made: torch.Tensor, result: torch.Tensor) -> None:
    for start, stop in stretches(step.elements, STRETCH):
        computed, merged = made[start:stop].to(step.maths), made[start:stop].to(step.maths)
        vectors = [source[start:stop].to(step.maths) for source in step.sources]
        base = None if step.base is None else step.base[start:stop].to(step.maths)
        if base is not None:
            vectors, merged = [vector - base for vector in vectors], merged - base
        step.measures.see(vectors, merged, computed, result[start:stop], base)

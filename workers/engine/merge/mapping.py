"""One fused map over whole tensors (`kernels.reference.changes`), and what the measures learn of the tensor from it."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from kernels.choices import Choice, Cuts
from kernels.dispatch import kernel
from kernels.late import torch
from kernels.raw import Array, tensor_of
from kernels.reference.changes import Changed
from workers.engine.merge.diagnostics import EVERY, LENGTH
from workers.engine.merge.step import STRETCH, MergeStep, settle_nan, stretches


def mapped(step: MergeStep, choices: Sequence[Choice], *, weights: Sequence[float], **options: Any) -> Changed:
    """Makes the step's result by the kernel `changes`, and lets the measures see what was made.

    Args:
        choices: for each source which of its entries stay.
        options: of `kernels.reference.changes`.

    Returns:
        What the kernel gives; `merged` only where it takes no sums on the way.
    """
    base, sources = step.given
    given = {"weights": weights, "factors": [1.0] * len(weights), "scale": 1.0} | options
    change = partial(kernel("changes", step.device), base, sources, choices, **given)
    if not step.compiled:
        changed: Changed = change(dtype=step.dtype, merged=True)
        whole = _whole(changed)
        observe(step, tensor_of(changed.result), lambda part: whole[part])
        return changed
    changed = change(out=step.raw_result(), look=(EVERY * STRETCH, LENGTH))
    sums, looked = changed.sums, changed.looked
    if sums is None or looked is None or not all(map(math.isfinite, (*sums.squares, sums.square))):
        # Something is no number, or too large to be squared: look at every entry.
        observe(step, tensor_of(changed.result), lambda part: _whole(change(part=part, dtype=step.dtype, merged=True)))
    elif step.elements:
        step.measures.add(sums, looked, has_base=base is not None)
    return changed


def averaged(step: MergeStep, weights: Sequence[float], divisor: float = 1.0) -> Array:
    """Σ w_i·x_i / divisor, with x_i the sources, or what they changed where there is a base, which is then added."""
    return mapped(step, [Cuts()] * len(step.raw_sources), weights=weights, divisor=divisor).result


def observe(step: MergeStep, result: torch.Tensor, merged: Callable[[slice], torch.Tensor]) -> None:
    """Lets the measures see what was made, as `MergeStep.combine` does on its way. `merged` gives the change in a stretch."""
    for start, stop in stretches(step.elements, step.stretch):
        part = slice(start, stop)
        vectors, base = _vectors(step, part)
        change = merged(part)
        computed = change if base is None else base + change
        step.measures.see(vectors, change, computed, result[part], base)
    if step.measures.bad_results:
        settle_nan(result)


def _vectors(step: MergeStep, part: slice) -> tuple[list[torch.Tensor], torch.Tensor | None]:
    base = None if step.base is None else step.base[part].to(step.maths)
    vectors = [source[part].to(step.maths, copy=True) for source in step.sources]
    return (vectors if base is None else [vector.sub_(base) for vector in vectors]), base


def _whole(changed: Changed) -> torch.Tensor:
    if changed.merged is None:
        raise ValueError("The kernel was not asked for the change itself.")
    return changed.merged

"""One fused map over whole tensors (`kernels.reference.changes`), and what the measures learn of the tensor from it."""

import math
from collections.abc import Sequence
from functools import partial
from typing import Any

import torch

from kernels.choices import Choice, Cuts
from kernels.dispatch import kernel
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
    given = {"weights": weights, "factors": [1.0] * len(weights), "scale": 1.0, "dtype": step.dtype} | options
    change = partial(kernel("changes", step.device), step.base, step.sources, choices, **given)
    if not step.compiled:
        changed: Changed = change(merged=True)
        observe(step, changed.result, _whole(changed))
        return changed
    changed = change(out=step.result())
    if not step.elements:
        return changed
    sums = changed.sums
    if sums is None or not all(map(math.isfinite, (*sums.squares, sums.square))):
        # Something is no number, or too large to be squared: look at every entry.
        observe(step, changed.result, _whole(change(merged=True)))
        return changed
    step.measures.add(sums)
    for start in range(0, step.elements, EVERY * STRETCH):
        part = slice(start, min(start + LENGTH, start + STRETCH, step.elements))
        vectors, base = _vectors(step, part)
        step.measures.diagnostics.look(vectors, _whole(change(part=part, merged=True)), changed.result[part], base)
    return changed


def averaged(step: MergeStep, weights: Sequence[float], divisor: float = 1.0) -> torch.Tensor:
    """Σ w_i·x_i / divisor, with x_i the sources, or what they changed where there is a base, which is then added."""
    return mapped(step, [Cuts()] * len(step.sources), weights=weights, divisor=divisor).result


def observe(step: MergeStep, result: torch.Tensor, merged: torch.Tensor) -> None:
    """Lets the measures see what was made, as `MergeStep.combine` does on its way."""
    for start, stop in stretches(step.elements, step.stretch):
        vectors, base = _vectors(step, slice(start, stop))
        change = merged[start:stop]
        computed = change if base is None else base + change
        step.measures.see(vectors, change, computed, result[start:stop], base)
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

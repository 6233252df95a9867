"""The task arithmetic family in the format of the inputs. Formulas as in `workers.engine.merge.changes`; what differs is named here.

Changes, weights, products, sums and quotients are each rounded to the inputs' format, a sum over sources once at its end.
`l1` rescales by sums of magnitudes in that format and leaves those below 1e-7 alone; a sum of weights below 1e-8 in size (with
a vote, of exactly zero) divides by one. Which of equal magnitudes stay is our rule, lowest flat index first: mergekit's sort
leaves it open. Draws are ours as well: its stream belongs to one build of torch.
"""

from collections.abc import Callable, Sequence
from functools import partial

import numpy as np
import torch

from kernels.dispatch import kernel
from kernels.reference.philox import key_of
from kernels.select import count_of
from workers.engine.merge.compat.whole import required
from workers.engine.merge.step import MergeStep

# (step, place of the source, change) → which entries stay, in the change's shape; None for all of them.
Mask = Callable[[MergeStep, int, torch.Tensor], torch.Tensor | None]


def merge(
    step: MergeStep, base: torch.Tensor | None, sources: Sequence[torch.Tensor], *, mask: Mask | None = None, votes: bool = False
) -> torch.Tensor:  # fmt: skip
    base, by_draw = required(step, base), mask in (by_lot, by_rank_and_lot)
    stacked = base.new_empty((len(sources), *base.shape))
    for index, source in enumerate(sources):
        delta = source - base
        kept = None if mask is None else mask(step, index, delta)
        l1 = step.parameters.get("rescale") == "l1"
        stacked[index] = delta if kept is None else rescaled(delta, kept, l1=l1, widens=by_draw)
    weights = torch.tensor(step.each("weight"), dtype=stacked.dtype).view(-1, *[1] * base.dim())
    stacked.mul_(weights)
    if votes:
        elected = torch.where(stacked.sum(dim=0) >= 0, 1, -1).to(torch.int8)
        agree = stacked.sign() == elected
        total, divisor = (stacked * agree).sum(dim=0), (weights * agree).sum(dim=0)
        divisor[divisor == 0] = 1
    else:
        total, divisor = stacked.sum(dim=0), weights.sum(dim=0)
        divisor[divisor.abs() < 1e-8] = 1
    if step.parameters["normalize"]:
        total = total / divisor
    scale = float(step.parameters["lambda"])
    return base + (total if scale == 1 else total * scale)


def rescaled(delta: torch.Tensor, mask: torch.Tensor, *, l1: bool, widens: bool) -> torch.Tensor:
    """The kept entries, with `l1` multiplied by Σ|τ| / Σ|kept|. What was drawn as float16 is widened for it."""
    wide = delta.float() if widens and delta.dtype == torch.float16 else delta
    kept = wide * mask.to(wide.dtype)
    before, after = wide.abs().sum(), kept.abs().sum()
    if l1 and before >= 1e-7 and after >= 1e-7:
        kept = kept * (before / after)
    return kept.to(delta.dtype)


def largest(delta: torch.Tensor, count: int) -> torch.Tensor:
    """The `count` entries of the largest magnitude, lowest flat index first among equals."""
    if count >= delta.numel() or count <= 0:
        return torch.full(delta.shape, count > 0)
    magnitudes = delta.abs().to(torch.promote_types(delta.dtype, torch.float32)).reshape(-1).numpy()
    value = np.partition(magnitudes, magnitudes.size - count)[magnitudes.size - count]
    mask = magnitudes > value
    mask[np.flatnonzero(magnitudes == value)[: count - int(mask.sum())]] = True
    return torch.from_numpy(mask).view(delta.shape)


def by_magnitude(step: MergeStep, index: int, delta: torch.Tensor) -> torch.Tensor | None:
    density = step.each("density")[index]
    return None if density >= 1 or not step.elements else largest(delta, count_of(density, step.elements))


def without_outliers(step: MergeStep, index: int, delta: torch.Tensor) -> torch.Tensor | None:
    density, size = step.each("density")[index], step.elements
    if density >= 1:
        return None
    kept = int(density * size)
    outliers = min(int(step.each("gamma")[index] * size), size - kept)
    return largest(delta, kept + outliers) & ~largest(delta, outliers)


def by_lot(step: MergeStep, index: int, delta: torch.Tensor) -> torch.Tensor | None:
    density = step.each("density")[index]
    if density >= 1:
        return None
    drawn: torch.Tensor = kernel("bernoulli")(_key(step, index), density, 0, step.elements)
    return drawn.view(delta.shape)


def by_rank_and_lot(step: MergeStep, index: int, delta: torch.Tensor) -> torch.Tensor | None:
    """Ranks run along the second axis; a vector is one row. An axis of one entry draws with the density itself."""
    density, epsilon = step.each("density")[index], step.each("epsilon")[index]
    if density >= 1 or not step.elements:
        return None
    rows = delta.reshape(1, -1) if delta.dim() < 2 else delta
    order = rows.abs().argsort(dim=1, stable=True)
    length = rows.shape[1]
    share = torch.arange(length, dtype=torch.float64) / (length - 1) if length > 1 else torch.full((1,), 0.5)
    limits = ((density - epsilon + 2 * epsilon * share) * 2**32).round().long()
    drawn: torch.Tensor = kernel("words")(_key(step, index), 0, step.elements)
    # What is in place r of the order has rank r: draws are compared in that order and put back.
    kept = drawn.view(rows.shape).gather(1, order) < limits.view(-1, *[1] * (rows.dim() - 2))
    return torch.zeros(rows.shape, dtype=torch.bool).scatter_(1, order, kept).view(delta.shape)


def _key(step: MergeStep, index: int) -> tuple[int, int]:
    return key_of(step.seed, step.name, step.source_ids[index])


task_arithmetic = merge
ties = partial(merge, mask=by_magnitude, votes=True)
dare_linear = partial(merge, mask=by_lot)
dare_ties = partial(merge, mask=by_lot, votes=True)
breadcrumbs = partial(merge, mask=without_outliers)
breadcrumbs_ties = partial(merge, mask=without_outliers, votes=True)
della = partial(merge, mask=by_rank_and_lot, votes=True)
della_linear = partial(merge, mask=by_rank_and_lot)

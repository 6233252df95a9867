"""MagPrune: entries are drawn by lot, the larger ones of a row with better odds. The sparsifier of DELLA."""

from __future__ import annotations

import math
from collections.abc import Iterator

from kernels.dispatch import kernel
from kernels.late import torch
from kernels.reference.philox import Key, key_of
from workers.engine.merge.keepers import Everything, Keeper
from workers.engine.merge.step import STRETCH, MergeStep


class Ready:
    """Kept entries that were worked out before the walk, because their ranks need whole rows."""

    keeps_all = False
    inverse = 1.0

    def __init__(self, kept: torch.Tensor, count: int) -> None:
        self._kept, self.count = kept, count

    def restart(self) -> None:
        pass

    def take(self, delta: torch.Tensor, start: int, out: torch.Tensor) -> torch.Tensor:
        return out.copy_(self._kept[start : start + delta.numel()])


def mag_prune(step: MergeStep) -> list[Keeper]:
    """Keeps the entry of rank r among the C of its row, the smallest having rank 1, with probability

    p_r = (d_i − ε_i) + 2·ε_i·(r − 1)/(C − 1), and d_i where C is 1; with `rescale: inverse` what is kept is divided by p_r.
    Equal magnitudes rank by place. A row holds what goes into one output: everything after the first axis; a vector is one row.

    Source: Deep, Bhardwaj, Poria 2024, "DELLA-Merging", arXiv:2406.11617, section 3.1.

    Raises:
        ValueError: d − ε ≤ 0 or d + ε ≥ 1 for a source of density below one. The check before the job says so with a repair.

    Cost: each source's kept entries in full; a sort of each row.
    """
    keepers: list[Keeper] = []
    divides = step.parameters.get("rescale") == "inverse"
    for index, (density, epsilon) in enumerate(zip(step.each("density"), step.each("epsilon"), strict=True)):
        if density >= 1:
            keepers.append(Everything(step.elements))
            continue
        keepers.append(_kept(step, index, density, epsilon, divides=divides))
    return keepers


def _kept(step: MergeStep, index: int, density: float, epsilon: float, *, divides: bool) -> Ready:
    columns = columns_of(step)
    limits, factors = limits_of(step, columns, density, epsilon)
    whole = step.whole(index).reshape(-1)
    key = key_of(step.seed, step.name, step.source_ids[index])
    count = 0
    for start, rows in _blocks(whole, columns):
        order = rows.abs().argsort(dim=1, stable=True)
        limit = torch.empty_like(order).scatter_(1, order, limits.expand_as(order))
        mask = _words(key, start, rows.numel()).view_as(rows) < limit
        count += int(mask.count_nonzero())
        rows.mul_(mask)
        if divides:
            rows.mul_(torch.empty_like(rows).scatter_(1, order, factors.expand_as(rows)))
    return Ready(whole, count)


def columns_of(step: MergeStep) -> int:
    return step.elements // step.shape[0] if len(step.shape) > 1 and step.elements else step.elements


def limits_of(step: MergeStep, columns: int, density: float, epsilon: float) -> tuple[torch.Tensor, torch.Tensor]:
    """For each rank, the draw below which its entry stays, int64 `[C]`, and 1/p in the method's maths `[C]`.

    Raises:
        ValueError: see `mag_prune`.
    """
    if density - epsilon <= 0 or density + epsilon >= 1:
        raise ValueError(f"{step.name}: a density of {density:g} ± {epsilon:g} leaves the range between 0 and 1.")
    ranks = torch.arange(columns, dtype=torch.float64)
    odds = density - epsilon + 2 * epsilon * (ranks / (columns - 1) if columns > 1 else ranks + 0.5)
    return (odds * 2**32).round().long(), (1 / odds).to(step.maths)


def _blocks(whole: torch.Tensor, columns: int) -> Iterator[tuple[int, torch.Tensor]]:
    """Views of some rows at a time, as long as a stretch where rows are short."""
    many = max(1, STRETCH // max(1, columns))
    rows = whole.view(-1, columns) if whole.numel() else whole.view(0, 1)
    for first in range(0, math.ceil(rows.shape[0] / many)):
        yield first * many * columns, rows[first * many : (first + 1) * many]


def _words(key: Key, start: int, count: int) -> torch.Tensor:
    """Draws from any place on: a stretch of the stream begins at a multiple of four."""
    early = start % 4
    found: torch.Tensor = kernel("words")(key, start - early, count + early)[early:]
    return found

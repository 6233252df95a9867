"""Exact order statistics of values that belong to a whole model, in two rounds of 16 bits each; never a flat model.

A float32 pattern, its sign bit turned, is an unsigned number in the order of the values. The first round counts the upper
16 bits of every value, which tells the bin of each rank; the second counts the lower 16 bits within those bins.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from workers.engine.merge.rounds import Round, Tally
from workers.engine.merge.step import MergeStep

BINS = 1 << 16
SIGN = np.uint32(1 << 31)
# Gives (row, stretch of values): every row's order statistics are its own. Values that are not finite are left out.
Visit = Callable[[MergeStep], Iterator[tuple[str, torch.Tensor]]]
# Given the recipe's parameters and how many values a row has: the wanted ranks, 0 for the smallest value.
Ranks = Callable[[Mapping[str, Any], int], Sequence[int]]
Wanted = Callable[[Mapping[str, Any]], bool]
# Counts what `visit` would give, by kernels on the step's device: int64 `[sources, 65536]` of the upper 16 bits, or, given the
# bins to look into for each source, `[sources, bins, 65536]` of the lower 16 bits.
Counts = Callable[[MergeStep, list[list[int]] | None], torch.Tensor]


def order_statistics(
    name: str, visit: Visit, ranks: Ranks, wanted: Wanted, counts: Counts | None = None
) -> tuple[Round, Round]:
    """Two rounds that settle `name` as {row: [value of each rank]}; a row without finite values has none.

    Args:
        visit: must give the same values in both rounds, as the same float32 patterns once rounded to float32.
        counts: stands in for it where whole-tensor kernels make the step; its rows are the step's sources.

    Cost: two passes; 512 KiB for each row and rank.
    Determinism: counts are whole numbers, the values exact.
    """
    bins = f"{name}_bins"

    def see_upper(step: MergeStep) -> Tally:
        tally: Tally = {}
        if counts is not None and step.fused:
            return dict(zip(map(str, step.source_ids), counts(step, None).cpu(), strict=True))
        for row, values in visit(step):
            _count(tally, row, keys_of(values) >> np.uint32(16))
        return tally

    def settle_upper(tally: Tally, parameters: Mapping[str, Any]) -> dict[str, Any]:
        found = {}
        for row, counts in tally.items():
            size = int(counts.sum())
            wished = [min(max(rank, 0), size - 1) for rank in ranks(parameters, size)] if size else []
            found[row] = [_place(counts, rank) for rank in wished]
        return {bins: found}

    def see_lower(step: MergeStep) -> Tally:
        tally: Tally = {}
        if counts is not None and step.fused:
            places = [step.settled[bins].get(str(source), ()) for source in step.source_ids]
            most = max(map(len, places), default=0)
            # Every source is looked into at as many bins: a source that has fewer lets the first stand in.
            uppers = [[bin for bin, _ in [*found, *[(0, 0)] * most][:most]] for found in places]
            within = counts(step, uppers).cpu() if most else torch.zeros(len(places), 0, BINS)
            for source, found, counted in zip(step.source_ids, places, within, strict=True):
                tally |= {f"{source}/{bin}": counted[index] for index, (bin, _) in enumerate(found)}
            return tally
        for row, values in visit(step):
            keys = keys_of(values)
            upper = keys >> np.uint32(16)
            for bin in {bin for bin, _ in step.settled[bins].get(row, ())}:
                _count(tally, f"{row}/{bin}", keys[upper == bin] & np.uint32(BINS - 1))
        return tally

    def settle_lower(tally: Tally, parameters: Mapping[str, Any]) -> dict[str, Any]:
        return {
            name: {
                row: [value_of(bin << 16 | _place(tally[f"{row}/{bin}"], rest)[0]) for bin, rest in places]
                for row, places in parameters[bins].items()
            }
        }

    return Round(f"{name}-upper", see_upper, settle_upper, wanted), Round(
        f"{name}-lower", see_lower, settle_lower, wanted
    )


def settled_alone(step: MergeStep, rounds: Sequence[Round]) -> Mapping[str, Any]:
    """What the rounds settle when this tensor is all there is: the same statistics, tensor by tensor."""
    settled: dict[str, Any] = {}
    for each in rounds:
        settled |= each.settle(each.see(replace(step, settled=settled)), {**step.parameters, **settled})
    return settled


def keys_of(values: torch.Tensor) -> npt.NDArray[np.uint32]:
    """The finite values as unsigned numbers in their order; they are rounded to float32 first."""
    floats = values.to(torch.float32).numpy()
    finite = np.isfinite(floats)
    bits = (floats if finite.all() else floats[finite]).view(np.uint32)
    return bits ^ np.where(bits & SIGN, np.uint32(0xFFFFFFFF), SIGN)


def value_of(key: int) -> float:
    bits = np.uint32(key) ^ (SIGN if key & int(SIGN) else np.uint32(0xFFFFFFFF))
    return float(np.asarray(bits, np.uint32).view(np.float32))


def _count(tally: Tally, entry: str, numbers: npt.NDArray[np.uint32]) -> None:
    if entry not in tally:
        tally[entry] = torch.from_numpy(np.zeros(BINS, np.int64))
    counts = tally[entry].numpy()
    if numbers.size < BINS // 16:
        np.add.at(counts, numbers, 1)
    else:
        counts += np.bincount(numbers, minlength=BINS)


def _place(counts: torch.Tensor, rank: int) -> tuple[int, int]:
    """The bin that holds the rank-th value, and its rank within that bin."""
    below = counts.cumsum(0)
    bin = int(torch.searchsorted(below, rank, right=True))
    return bin, rank - (int(below[bin - 1]) if bin else 0)

"""Whether two results of one recipe are the same model: a fast wrong answer is none."""

import math
from pathlib import Path

import torch

from workers.engine.io.reader import Reader, facts_of_weights

# Each result's distance from the other, as a share of how far the second went from the base. Fine-tunes move weights by a few
# steps of bfloat16, in which mergekit computes, so that rounding alone makes some hundredths.
TOLERANCE = 0.25
# Where entries are dropped by lot only the lengths can agree.
LENGTH_TOLERANCE = 0.05
_ENTRIES = 1 << 20


def agreement(ours: Path, theirs: Path, base: Path, *, by_lot: bool) -> tuple[float, bool]:
    """‖ours − theirs‖ / ‖theirs − base‖ over the beginning of every tensor, or |‖ours − base‖ / ‖theirs − base‖ − 1|; and whether that will do.

    A tensor that only one of them has, or in another shape, is no agreement at all.
    """
    facts = [facts_of_weights(folder) for folder in (ours, theirs, base)]
    if any(each.keys() != facts[0].keys() for each in facts):
        return math.inf, False
    apart = moved = length = 0.0
    with Reader(ours) as one, Reader(theirs) as other, Reader(base) as start:
        for name in facts[0]:
            some = [reader.tensor(name, each[name]) for reader, each in zip((one, other, start), facts, strict=True)]
            if any(tensor.shape != some[0].shape for tensor in some):
                return math.inf, False
            left, right, origin = (tensor.flatten()[:_ENTRIES].double() for tensor in some)
            apart += _square(left - right)
            moved += _square(right - origin)
            length += _square(left - origin)
    if not moved or not math.isfinite(apart + moved + length):
        return math.inf, False
    share = abs(math.sqrt(length / moved) - 1) if by_lot else math.sqrt(apart / moved)
    return share, share <= (LENGTH_TOLERANCE if by_lot else TOLERANCE)


def _square(vector: torch.Tensor) -> float:
    return float(torch.dot(vector, vector))

"""What a merge tells about how its sources stand to each other: angles between them, signs at odds, changes too small to store.

Gathered by `measures` in the pass that makes the tensor: exact for tensors of up to 32 Ki entries; of larger ones from the first
32 Ki of every Mi.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import combinations
from typing import Any

import numpy as np
import numpy.typing as npt

from kernels.late import torch
from kernels.reference.changes import MOST_PAIRED, Looked

# The first entries of every eighth stretch are looked at: a few hundredths of what a linear merge takes. Looking at all of
# them would make it half as long again.
EVERY = 8
LENGTH = 1 << 15


class Diagnostics:
    """Sums over the stretches that were looked at.

    cos_ij = x_i·x_j / ‖x_i‖‖x_j‖ for the vectors x of two sources;
    conflict = |{e : min_i x_ie < 0 < max_i x_ie}| / |{e : at least two x_ie ≠ 0}|;
    overruled_i = |{e : x_ie·m_e < 0}| / |{e : x_ie ≠ 0}| with m the merged vector;
    lost = |{e : m_e ≠ 0, the stored value is that of the base}| / |{e : m_e ≠ 0}|.
    """

    def __init__(self) -> None:
        self.stretches = 0
        self.seen = 0
        self.squares: list[float] = []
        self.products: list[float] = []
        self.changed: list[int] = []
        self.against: list[int] = []
        self.shared = self.conflicts = 0
        self.moved = self.lost = 0
        self.has_base = False

    def see(
        self, vectors: Sequence[torch.Tensor], merged: torch.Tensor, written: torch.Tensor, base: torch.Tensor | None
    ) -> None:
        """One stretch; most are passed over, of the others the beginning counts. See `look`."""
        turn, self.stretches = self.stretches, self.stretches + 1
        if turn % EVERY == 0:
            self.look(vectors, merged, written, base)

    def add(self, looked: Looked, *, has_base: bool) -> None:
        """A whole tensor, looked at by who made it."""
        self.has_base = has_base
        self.seen, self.squares, self.products = looked.seen, looked.squares, looked.products
        self.changed, self.against = looked.changed, looked.against
        self.shared, self.conflicts, self.moved, self.lost = looked.shared, looked.conflicts, looked.moved, looked.lost

    def look(
        self, vectors: Sequence[torch.Tensor], merged: torch.Tensor, written: torch.Tensor, base: torch.Tensor | None
    ) -> None:
        """The beginning of a stretch.

        Args:
            vectors: of the sources, each `[stretch]`, same floating format.
            merged: the merged vector.
            written: the result as cast for the file.
            base: what `merged` was added to, in the format of the vectors; None where there is none.
        """
        # What numpy counts lies in memory, wherever it was made.
        vectors = [vector[:LENGTH].cpu() for vector in vectors]
        merged, written = merged[:LENGTH].cpu(), written[:LENGTH].cpu()
        if not self.changed:
            count = len(vectors)
            self.changed, self.against, self.squares = [0] * count, [0] * count, [0.0] * count
            self.products = [0.0] * (count * (count - 1) // 2) if count <= MOST_PAIRED else []
        self.seen += merged.numel()
        self._see_angles(vectors)
        self._see_signs(vectors, merged)
        if base is not None:
            self._see_cast(merged, written, base[:LENGTH].cpu())

    def _see_angles(self, vectors: Sequence[torch.Tensor]) -> None:
        if not self.products:
            return
        for index, vector in enumerate(vectors):
            self.squares[index] += torch.dot(vector, vector).item()
        for place, (one, other) in enumerate(combinations(vectors, 2)):
            self.products[place] += torch.dot(one, other).item()

    def _see_signs(self, vectors: Sequence[torch.Tensor], merged: torch.Tensor) -> None:
        # numpy compares and counts an order of magnitude faster than torch does on a CPU.
        up, down = _signs(merged)
        rises, falls = np.zeros_like(up), np.zeros_like(up)
        once, twice = np.zeros_like(up), np.zeros_like(up)
        for index, vector in enumerate(vectors):
            plus, minus = _signs(vector)
            self.changed[index] += _count(plus) + _count(minus)
            self.against[index] += _count((plus & down) | (minus & up))
            rises |= plus
            falls |= minus
            changed = plus | minus
            twice |= once & changed
            once |= changed
        if len(vectors) > 1:
            self.shared += _count(twice)
            self.conflicts += _count(rises & falls)

    def _see_cast(self, merged: torch.Tensor, written: torch.Tensor, base: torch.Tensor) -> None:
        self.has_base = True
        moved = merged.numpy() != 0
        self.moved += _count(moved)
        self.lost += _count(moved & (_bits(written) == _bits(base.to(written.dtype))))

    def report(self, elements: int) -> dict[str, Any]:
        """JSON-ready. `pairs` are in the order (0, 1), (0, 2), …, (1, 2), …; a value that is not known is None."""
        return {
            "pairs": self._pairs() if self.products else None,
            "conflict": _share(self.conflicts, self.shared),
            "overruled": [_share(*counts) for counts in zip(self.against, self.changed, strict=True)],
            "lost": _share(self.lost, self.moved) if self.has_base else None,
            "sampled": _share(self.seen, elements),
        }

    def _pairs(self) -> list[float | None]:
        return [
            _cosine(product, one * other)
            for product, (one, other) in zip(self.products, combinations(self.squares, 2), strict=True)
        ]


def _cosine(product: float, squares: float) -> float | None:
    if not (math.isfinite(product) and math.isfinite(squares) and squares > 0):
        return None
    return round(min(1.0, max(-1.0, product / math.sqrt(squares))), 9)


def _share(part: int, whole: int) -> float | None:
    return round(part / whole, 9) if whole else None


def _signs(vector: torch.Tensor) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.bool_]]:
    """Where it is above and where it is below zero."""
    values = vector.numpy()
    return values > 0, values < 0


def _count(flags: npt.NDArray[np.bool_]) -> int:
    return int(np.count_nonzero(flags))


def _bits(values: torch.Tensor) -> npt.NDArray[Any]:
    """The stored patterns as whole numbers: numpy has no bfloat16."""
    sizes = {1: torch.uint8, 2: torch.int16, 4: torch.int32, 8: torch.int64}
    found: npt.NDArray[Any] = values.contiguous().view(sizes[values.element_size()]).numpy()
    return found

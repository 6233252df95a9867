"""What a merge tells about each tensor: lengths, directions, kept and agreeing shares, entries that are no numbers."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from kernels.late import torch
from kernels.reference.changes import Looked, Sums
from workers.engine.merge.diagnostics import Diagnostics


class Measures:
    """Sums gathered while a tensor is merged, stretch by stretch; the values are in cache then, so they cost little.

    A vector here is a source minus the base, or the source itself where the method has no base. Products of one stretch are
    taken in the method's own format and added in float64: good to about six digits, for reports and not for arithmetic.
    """

    def __init__(self) -> None:
        self.squares: list[float] = []
        self.products: list[float] = []
        self.result_square = 0.0
        self.kept: list[int] = []
        self.agreed: float | None = None
        self.bad_inputs = 0
        self.bad_base = 0
        self.bad_sources: list[int] = []
        self.bad_results = 0
        self.diagnostics = Diagnostics()

    def see(
        self, vectors: Sequence[torch.Tensor], merged: torch.Tensor, computed: torch.Tensor, written: torch.Tensor,
        base: torch.Tensor | None = None,
    ) -> None:  # fmt: skip
        """One stretch.

        Args:
            vectors: of the sources, each `[stretch]`, same floating format.
            merged: the merged vector.
            computed: the result: base plus merged vector, or the merged vector itself.
            written: the result as cast for the file.
            base: what the merged vector was added to, in the format of the vectors; None where there is none.
        """
        self.diagnostics.see(vectors, merged, written, base)
        merged_square = self._see_vectors(vectors, merged, base)
        square = merged_square if computed is merged else torch.dot(computed, computed).item()
        # Only a sum too large for comfort makes it count one by one.
        if not math.isfinite(square) or math.sqrt(square) > torch.finfo(written.dtype).max:
            # torch cannot ask every format of eight bits.
            self.bad_results += int((~written.to(computed.dtype).isfinite()).sum())

    def add(self, sums: Sums, looked: Looked, *, has_base: bool) -> None:
        """A whole tensor of finite vectors, whose sums were taken by who made it."""
        self.squares, self.products = list(sums.squares), list(sums.products)
        self.bad_sources = [0] * len(sums.squares)
        self.result_square = sums.square
        self.bad_results = sums.bad
        self.diagnostics.add(looked, has_base=has_base)

    def _see_vectors(self, vectors: Sequence[torch.Tensor], merged: torch.Tensor, base: torch.Tensor | None) -> float:
        if not self.squares:
            self.squares, self.products = [0.0] * len(vectors), [0.0] * len(vectors)
            self.bad_sources = [0] * len(vectors)
        broken = False
        for index, vector in enumerate(vectors):
            square = torch.dot(vector, vector).item()
            if not math.isfinite(square):
                bad = ~vector.isfinite()
                self.bad_inputs += int(bad.sum())
                broken = True
                # An entry that is broken in the base is so in every difference from it: no source is blamed for that.
                self.bad_sources[index] += int((bad if base is None else bad & base.isfinite()).sum())
                square = torch.dot(vector.double(), vector.double()).item()
            self.squares[index] += square
            self.products[index] += torch.dot(vector, merged).item()
        if broken and base is not None:
            self.bad_base += int((~base.isfinite()).sum())
        merged_square = torch.dot(merged, merged).item()
        self.result_square += merged_square
        return merged_square

    def report(self, elements: int) -> dict[str, Any]:
        """JSON-ready; a value that is not known or not finite is None."""
        change = math.sqrt(self.result_square) if self.result_square >= 0 else math.nan
        norms = [math.sqrt(square) if square >= 0 else math.nan for square in self.squares]
        cosines = [
            product / (norm * change) if norm > 0 and change > 0 else math.nan
            for product, norm in zip(self.products, norms, strict=True)
        ]
        kept = self.kept
        return {
            "norms": [_finite(norm) for norm in norms],
            "norm": _finite(change),
            "cosines": [_finite(cosine) for cosine in cosines],
            "kept": [count / elements for count in kept] if kept and elements else None,
            "agreement": self.agreed / sum(kept) if self.agreed is not None and kept and sum(kept) else None,
            "bad_inputs": self.bad_inputs,
            "bad_results": self.bad_results,
            **({"bad_base": self.bad_base, "bad_sources": self.bad_sources} if self.bad_inputs else {}),
            **self.diagnostics.report(elements),
        }


def _finite(value: float) -> float | None:
    return round(value, 9) if math.isfinite(value) else None

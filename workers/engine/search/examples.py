"""The examples of a search in an order of its own, so that a share of them is a fair draw and a larger share holds the smaller."""

from collections.abc import Sequence
from math import ceil
from typing import Any

import numpy as np

from workers.engine.evaluate.batches import Measured, Rows


class Drawn:
    """Some rows of `whole`, as examples of their own."""

    def __init__(self, whole: Measured, rows: Rows) -> None:
        self.whole, self.rows = whole, rows
        self.name, self.task, self.labels = whole.name, whole.task, whole.labels

    def __len__(self) -> int:
        return len(self.rows)

    def take(self, rows: Sequence[int] | Rows) -> dict[str, Any]:
        return self.whole.take(self._places(rows))

    def gold(self, rows: Sequence[int] | Rows) -> Any:
        return self.whole.gold(self._places(rows))

    def shas(self, rows: Sequence[int] | Rows | None = None) -> list[str]:
        return self.whole.shas(self._places(rows))

    def input_shas(self, rows: Sequence[int] | Rows | None = None) -> list[str]:
        return self.whole.input_shas(self._places(rows))

    def _places(self, rows: Sequence[int] | Rows | None) -> Rows:
        return self.rows if rows is None else self.rows[np.asarray(rows, dtype=np.int64)]


def share_of(examples: Measured, share: float, seed: int) -> Measured:
    """⌈share·n⌉ of the examples, in the order of the data: the first of a permutation that the seed decides. All of them as they are."""
    count = min(len(examples), ceil(share * len(examples) - 1e-9))
    if count == len(examples):
        return examples
    order = np.random.Generator(np.random.PCG64(seed)).permutation(len(examples))
    return Drawn(examples, np.sort(order[:count]))

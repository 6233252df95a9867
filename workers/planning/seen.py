"""SEEN: what the rows of a first part say of each column, counted one value at a time. Nothing here reads a file."""

import array
import math
import sys
from collections.abc import Iterable, Mapping
from typing import Any

from workers.contracts.facts import Seen, TensorFact
from workers.planning.storable import is_storable

# They are kept with the commit: a column of more different values is no column of classes, and is not listed.
MAX_VALUES, MAX_CHARACTERS = 256, 200
_MAX_COLUMNS, _MAX_TOTAL = 64, 32_768
# safetensors' number format → type code of `array`
_CODES = {"F64": "d", "F32": "f", "I64": "q", "I32": "i", "I16": "h", "I8": "b", "U8": "B", "U16": "H", "U32": "I", "BOOL": "b"}  # fmt: skip


class Tally:
    """One column. `see` takes the values in the order of the rows; None, NaN and infinity are no values."""

    def __init__(self) -> None:
        self.rows = self.missing = 0
        self.first_missing: int | None = None
        self.low = self.high = None
        self.counts: dict[str, int] | None = {}

    def see(self, value: Any, word: str | None = None) -> None:
        """`word` is how the value is written where that is not how Python writes it."""
        row, self.rows = self.rows, self.rows + 1
        is_number = isinstance(value, bool | int | float)
        if value is None or (is_number and not math.isfinite(value)):
            self._miss(row)
            return
        if is_number:
            self.low = value if self.low is None else min(self.low, value)
            self.high = value if self.high is None else max(self.high, value)
        if self.counts is not None:
            self._count(str(int(value)) if isinstance(value, bool) else str(value) if word is None else word, value)

    def skip(self, rows: int) -> None:
        """So many rows do not have the column at all."""
        if rows > 0:
            row, self.rows = self.rows, self.rows + rows
            self._miss(row, rows)

    def _miss(self, row: int, rows: int = 1) -> None:
        self.missing += rows
        self.first_missing = row if self.first_missing is None else self.first_missing

    def _count(self, word: str, value: Any) -> None:
        counts = self.counts
        if counts is None:
            return
        if isinstance(value, float | list | dict) or len(word) > MAX_CHARACTERS or not is_storable(word):
            self.counts = None
            return
        counts[word] = counts.get(word, 0) + 1
        if len(counts) > MAX_VALUES:
            self.counts = None

    def seen(self, *, is_whole: bool) -> Seen:
        low, high = (None if bound is None or abs(bound) > 1e300 else float(bound) for bound in (self.low, self.high))
        return Seen(
            rows=self.rows, is_whole=is_whole, missing=self.missing, first_missing=self.first_missing, low=low, high=high,
            counts=self.counts or {},
        )  # fmt: skip


def bounded(seen: Mapping[str, Seen]) -> dict[str, Seen]:
    """What is kept with a commit: the first columns, and values as long as they are not too many altogether."""
    kept: dict[str, Seen] = {}
    left = _MAX_TOTAL
    for name, column in list(seen.items())[:_MAX_COLUMNS]:
        size = sum(len(value) + 8 for value in column.counts)
        kept[name] = column if size <= left else column.model_copy(update={"counts": {}})
        left -= size if size <= left else 0
    return kept


def seen_of_tensor(fact: TensorFact, raw: bytes) -> Seen | None:
    """A column of one number a row, from its bytes; None for other shapes and number formats."""
    code = _CODES.get(fact.dtype)
    if code is None or len(fact.shape) != 1 or len(raw) != fact.size_bytes:
        return None
    values = array.array(code)
    values.frombytes(raw)
    if sys.byteorder == "big":
        values.byteswap()
    return tallied(values)


def tallied(values: Iterable[Any]) -> Seen:
    tally = Tally()
    for value in values:
        tally.see(value)
    return tally.seen(is_whole=True)

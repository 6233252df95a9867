"""The statistics that a parquet file keeps of its row groups: missing values, smallest and largest, without reading a row.

Source: Apache Parquet format, parquet.thrift (RowGroup, ColumnMetaData, Statistics).
"""

import math
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from workers.contracts.facts import Seen
from workers.planning.seen import MAX_CHARACTERS
from workers.planning.storable import is_storable

_ROW_GROUPS, _CREATED_BY = 4, 6
_COLUMNS, _META, _PATH, _COUNT, _STATISTICS = 1, 3, 3, 5, 12
_OLD_HIGH, _OLD_LOW, _MISSING, _HIGH, _LOW, _HIGH_IS_EXACT, _LOW_IS_EXACT = 1, 2, 3, 5, 6, 7, 8
_MAX_CHUNKS = 20_000
_FORMATS = {
    "bool": "<?", "int8": "<i", "int16": "<i", "int32": "<i", "uint8": "<I", "uint16": "<I", "uint32": "<I", "int64": "<q", "uint64": "<Q",
    "float": "<f", "double": "<d",
}  # fmt: skip
# This writer leaves the bounds of numbers out only where every one of them is NaN.
_STRICT_WRITER = b"parquet-cpp"


@dataclass
class _Told:
    """Of one column, over the row groups so far. `bounds` is None once a row group has none."""

    rows: int = 0
    missing: int = 0
    is_counted: bool = True
    bounds: tuple[Any, Any] | None = None
    is_bounded: bool = True


def seen_in(footer: Mapping[int, Any], columns: Mapping[str, str], rows: int) -> dict[str, Seen]:
    """For columns of single numbers and texts. Somebody else's bytes: nothing is told where they have another shape than they should."""
    try:
        return _seen_in(footer, columns, rows)
    except (KeyError, TypeError, AttributeError, IndexError, ValueError):
        return {}


def _seen_in(footer: Mapping[int, Any], columns: Mapping[str, str], rows: int) -> dict[str, Seen]:
    told: dict[str, _Told] = {}
    writer = footer.get(_CREATED_BY)
    is_strict = isinstance(writer, bytes) and writer.startswith(_STRICT_WRITER)
    left = _MAX_CHUNKS
    for group in footer.get(_ROW_GROUPS) or ():
        for chunk in group.get(_COLUMNS) or ():
            left -= 1
            meta = chunk.get(_META) or {}
            path: list[Any] = meta.get(_PATH) or []
            name = path[0].decode("utf-8", "replace") if len(path) == 1 and isinstance(path[0], bytes) else ""
            if left >= 0 and (columns.get(name) in _FORMATS or columns.get(name) == "string"):
                _add(told.setdefault(name, _Told()), meta, columns[name], is_strict=is_strict)
    return {name: _seen(row, rows) for name, row in told.items() if row.is_counted and row.rows == rows and rows}


def _add(told: _Told, meta: Mapping[int, Any], kind: str, *, is_strict: bool) -> None:
    count, statistics = meta.get(_COUNT), meta.get(_STATISTICS)
    if type(count) is not int or not isinstance(statistics, dict) or type(statistics.get(_MISSING)) is not int:
        told.is_counted = False
        return
    missing = min(max(statistics[_MISSING], 0), count)
    bounds = _bounds(statistics, kind)
    if bounds is None and missing < count and is_strict and kind in ("float", "double"):
        missing = count
    told.rows, told.missing = told.rows + count, told.missing + missing
    if missing == count:
        return
    if bounds is None:
        told.is_bounded = False
    elif told.bounds is None:
        told.bounds = bounds
    else:
        told.bounds = min(told.bounds[0], bounds[0]), max(told.bounds[1], bounds[1])


def _bounds(statistics: Mapping[int, Any], kind: str) -> tuple[Any, Any] | None:
    low, high = statistics.get(_LOW, statistics.get(_OLD_LOW)), statistics.get(_HIGH, statistics.get(_OLD_HIGH))
    if not isinstance(low, bytes) or not isinstance(high, bytes):
        return None
    if kind == "string":
        if (
            _LOW not in statistics
            or not statistics.get(_LOW_IS_EXACT, True)
            or not statistics.get(_HIGH_IS_EXACT, True)
        ):
            return None
        return low, high
    try:
        first, last = (struct.unpack(_FORMATS[kind], bound)[0] for bound in (low, high))
    except struct.error:
        return None
    return (first, last) if math.isfinite(first) and math.isfinite(last) else None


def _seen(told: _Told, rows: int) -> Seen:
    """Where smallest and largest are the same, every value is."""
    first = 0 if told.missing == rows else None
    seen = Seen(rows=rows, is_whole=True, missing=told.missing, first_missing=first)
    if told.bounds is None or not told.is_bounded:
        return seen
    low, high = told.bounds
    if isinstance(low, bytes):
        word = low.decode("utf-8", "replace")
        is_one = low == high and len(word) <= MAX_CHARACTERS and is_storable(word)
        return seen.model_copy(update={"counts": {word: rows - told.missing}}) if is_one else seen
    is_one = low == high and not isinstance(low, float)
    counts = {str(int(low)): rows - told.missing} if is_one else {}
    return seen.model_copy(update={"low": float(low), "high": float(high), "counts": counts})

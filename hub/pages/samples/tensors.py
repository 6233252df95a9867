"""Rows of `data/<split>.safetensors`: only the header and the bytes of these rows are read."""

import array
import json
import struct
from collections.abc import Sequence
from typing import Any

from hub.pages.samples.pictures import picture_of_values
from hub.pages.samples.reading import BlobFile

MOST_HEADER = 1024 * 1024
MOST_ROW_BYTES = 4 * 1024 * 1024
# safetensors' name → array's type code; the number formats that datasets are kept in
CODES = {"F32": "f", "F64": "d", "I64": "q", "I32": "i", "I16": "h", "I8": "b", "U8": "B", "U16": "H", "U32": "I", "BOOL": "B"}  # fmt: skip


def tensor_rows(file: BlobFile, rows: Sequence[int]) -> tuple[dict[str, list[Any]], int]:
    """Column → one value per row, and how many rows there are: a picture for `[n, c, h, w]`, a number for `[n]`, a list for `[n, d]`.

    Raises:
        ValueError: the header is not one.
    """
    (length,) = struct.unpack("<Q", file.slice(0, 8))
    if not 2 <= length <= MOST_HEADER:
        raise ValueError("no safetensors header")
    header = json.loads(file.slice(8, 8 + length))
    found: dict[str, list[Any]] = {}
    most = 0
    for name, entry in sorted(header.items()):
        if name == "__metadata__" or entry["dtype"] not in CODES or not entry["shape"]:
            continue
        count, *shape = entry["shape"]
        most = max(most, count)
        values = _rows_of(file, entry, 8 + length, [row for row in rows if 0 <= row < count])
        found[name] = [_value(row, shape, entry["dtype"]) for row in values]
    return found, most


def _rows_of(file: BlobFile, entry: dict[str, Any], start: int, rows: Sequence[int]) -> list[Any]:
    begin, end = entry["data_offsets"]
    size = (end - begin) // entry["shape"][0] if entry["shape"][0] else 0
    if size > MOST_ROW_BYTES:
        return []
    found = []
    for row in rows:
        values = array.array(CODES[entry["dtype"]])
        values.frombytes(file.slice(start + begin + row * size, start + begin + (row + 1) * size))
        found.append(values)
    return found


def _value(values: Any, shape: list[int], dtype: str) -> Any:
    if not shape:
        return values[0]
    if len(shape) == 3 and shape[0] in (1, 3, 4):
        return picture_of_values(values, *shape, most=255.0 if dtype == "U8" else 1.0)
    return list(values)

"""The footer of a parquet file: rows, columns and class names, from its last bytes alone."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from workers.contracts.facts import Seen
from workers.planning.statistics import seen_in
from workers.planning.thrift import Reader, ThriftError

MAGIC = b"PAR1"
MAX_FOOTER_BYTES = 16 * 2**20
# Above this size the list of row groups is not walked through, and with it the notes of other libraries behind it.
_WALKED_BYTES = 2**20
_MAX_COLUMNS = 10_000
_SCHEMA, _ROWS, _ROW_GROUPS, _NOTES = 2, 3, 4, 5
_TYPE, _LENGTH, _REPETITION, _NAME, _CHILDREN, _CONVERTED, _LOGICAL = 1, 2, 3, 4, 5, 6, 10
_PHYSICAL = {0: "bool", 1: "int32", 2: "int64", 4: "float", 5: "double"}
_CONVERTED_TYPES = {
    11: "uint8",
    12: "uint16",
    13: "uint32",
    14: "uint64",
    15: "int8",
    16: "int16",
    17: "int32",
    18: "int64",
}
_IMAGE_NAMES = ("image", "images", "img", "picture")
_REPEATED = 2


class ParquetError(ValueError):
    """The file is not parquet, or was cut off. `is_sure`: nobody can read it; else it is more than is read here."""

    def __init__(self, message: str, *, is_sure: bool = False) -> None:
        super().__init__(message)
        self.is_sure = is_sure


@dataclass(frozen=True)
class Footer:
    """`columns` as the engine reads them: pictures, texts, numbers and lists of these; others are left out.

    `seen` is what the statistics of the row groups say of single values; columns without any are left out.
    """

    rows: int
    columns: dict[str, str]
    names: dict[str, tuple[str, ...]] = field(default_factory=dict)
    seen: dict[str, Seen] = field(default_factory=dict)


def read_footer(read: Callable[[int, int], bytes], size: int, *, brief: bool = False) -> Footer:
    """`read(start, length)` gives bytes of a file of `size`; `brief` leaves out class names and statistics, which stand last.

    Raises ParquetError and nothing else for any content. Work is bounded: this runs while somebody waits for a page.
    """
    tail = read(size - 8, 8) if size >= 12 else b""
    length = int.from_bytes(tail[:4], "little")
    if tail[4:] != MAGIC or length + 12 > size:
        raise ParquetError("it does not end as a parquet file does, and may have been cut off", is_sure=True)
    if length > MAX_FOOTER_BYTES:
        raise ParquetError(f"its list of columns claims {length} bytes, at most {MAX_FOOTER_BYTES} are read")
    raw = read(size - 8 - length, length)
    try:
        found = Reader(raw).struct(until=_ROW_GROUPS if brief or length > _WALKED_BYTES else None)
        elements = found[_SCHEMA]
        features = _features(found.get(_NOTES, []))
        if len(elements) > _MAX_COLUMNS:
            raise ParquetError(f"it has {len(elements)} columns, at most {_MAX_COLUMNS} are read")
        columns = _columns(elements, features)
        rows = max(0, int(found[_ROWS]))
        return Footer(rows, columns, _names(columns, features), seen_in(found, columns, rows))
    except (ThriftError, KeyError, TypeError, AttributeError, IndexError) as error:
        raise ParquetError("its list of columns cannot be read") from error


def _columns(elements: list[dict[int, Any]], features: dict[str, Any]) -> dict[str, str]:
    """The schema is a tree in preorder; the first element is its root."""
    found: dict[str, str] = {}
    place = 1
    for _ in range(elements[0].get(_CHILDREN, 0)):
        end = _end(elements, place)
        name = elements[place][_NAME].decode("utf-8", "replace")
        kind = _kind(elements[place:end], features.get(name))
        if kind:
            found[name] = kind
        place = end
    return found


def _end(elements: list[dict[int, Any]], place: int) -> int:
    """Where the branch that starts at `place` ends."""
    left = 1
    while left:
        left += elements[place].get(_CHILDREN, 0) - 1
        place += 1
    return place


def _kind(branch: list[dict[int, Any]], feature: Any) -> str:
    """An Arrow type in words, `image`, or "" for what no role can be played by."""
    top = branch[0]
    if top.get(_REPETITION) == _REPEATED:
        return ""
    name = top[_NAME].decode("utf-8", "replace")
    if len(branch) == 1:
        is_picture = isinstance(feature, dict) and feature.get("_type") == "Image"
        leaf = _leaf(top)
        return (
            "image" if leaf == "binary" and (is_picture or name.lower() in _IMAGE_NAMES) else leaf.replace("binary", "")
        )
    is_list = top.get(_CONVERTED) == 3 or 3 in top.get(_LOGICAL, {})
    if is_list and top.get(_CHILDREN) == 1 and branch[1].get(_REPETITION) == _REPEATED and len(branch) <= 3:
        item = _leaf(branch[-1])
        return f"list<item: {item}>" if item and item != "binary" else ""
    parts = {element[_NAME] for element in branch[1:]}
    return "image" if not is_list and len(branch) == 3 and parts == {b"bytes", b"path"} else ""


def _leaf(element: dict[int, Any]) -> str:
    physical: int = element.get(_TYPE, -1)
    converted, logical = element.get(_CONVERTED), element.get(_LOGICAL, {})
    if physical == 6:
        return "string" if converted == 0 or 1 in logical else "binary" if converted is None and not logical else ""
    if physical == 7:
        return "halffloat" if 15 in logical else ""
    if converted in _CONVERTED_TYPES:
        return _CONVERTED_TYPES[converted]
    return _PHYSICAL.get(physical, "") if converted is None and not logical else ""


def _features(notes: list[dict[int, Any]]) -> dict[str, Any]:
    """What the `datasets` library notes of its columns."""
    for note in notes:
        if note.get(1) == b"huggingface":
            try:
                features = json.loads(note[2])["info"]["features"]
            except (ValueError, KeyError, TypeError, RecursionError):
                return {}
            return features if isinstance(features, dict) else {}
    return {}


def _names(columns: dict[str, str], features: dict[str, Any]) -> dict[str, tuple[str, ...]]:
    found = {}
    for column in columns:
        feature = features.get(column)
        names = feature.get("names") if isinstance(feature, dict) and feature.get("_type") == "ClassLabel" else None
        if isinstance(names, list) and names and all(isinstance(name, str) for name in names):
            found[column] = tuple(names)
    return found

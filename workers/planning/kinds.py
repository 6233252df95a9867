"""KINDS of values in tables that declare no types (jsonl, csv), and how two kinds in one column get along."""

import re
from typing import Any

_INT64 = 2**63
# A leading zero or plus is no number: 007 is somebody's name.
_WHOLE = re.compile(r"-?(0|[1-9]\d{0,17})", re.ASCII)
_NUMBER = re.compile(r"-?((0|[1-9]\d*)(\.\d*)?|\.\d+)([eE][-+]?\d+)?|nan|-?inf", re.IGNORECASE | re.ASCII)
# `null` gives way to any other; `other` (objects, lists of lists) makes a column that is left out.
_WIDER = {
    ("int", "float"): "float", ("ints", "floats"): "floats", ("empty", "ints"): "ints", ("empty", "floats"): "floats",
    ("empty", "texts"): "texts",
}  # fmt: skip
_CELLS = ("null", "int", "float", "text")
ARROW_NAMES = {
    "null": "string", "bool": "bool", "int": "int64", "float": "double", "text": "string", "ints": "list<item: int64>",
    "floats": "list<item: double>", "texts": "list<item: string>", "empty": "list<item: string>",
}  # fmt: skip
WORDS = {
    "bool": "truth values", "int": "whole numbers", "float": "numbers", "text": "text", "ints": "lists of whole numbers",
    "floats": "lists of numbers", "texts": "lists of texts", "empty": "lists", "other": "objects",
}  # fmt: skip


def kind_of(value: Any) -> str:
    """Of a value that came out of JSON."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "bool"
    if isinstance(value, int):
        return "int" if -_INT64 <= value < _INT64 else "float"
    if isinstance(value, float):
        return "float"
    if isinstance(value, str):
        return "text"
    if not isinstance(value, list):
        return "other"
    kinds = {kind_of(item) for item in value}
    if kinds and kinds <= {"int", "float"}:
        return "floats" if "float" in kinds else "ints"
    return "texts" if kinds == {"text"} else "other" if kinds else "empty"


def cell_kind(cell: str) -> str:
    """Of a cell of csv, where everything is text. An empty cell is null."""
    if not cell:
        return "null"
    if _WHOLE.fullmatch(cell):
        return "int"
    return "float" if _NUMBER.fullmatch(cell) else "text"


def joined_kind(held: str, kind: str) -> str | None:
    """The kind of a JSON column that holds both; None where one column cannot."""
    if held == kind or kind == "null":
        return held
    if held == "null":
        return kind
    if "other" in (held, kind):
        return "other"
    return _WIDER.get((held, kind)) or _WIDER.get((kind, held))


def joined_cells(held: str, kind: str) -> str:
    """The kind of a csv column that holds both: everything can be read as text."""
    return _CELLS[max(_CELLS.index(held), _CELLS.index(kind))]

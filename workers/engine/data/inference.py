"""Column types of tables that declare none (jsonl, csv): looked up in every value of a first pass, so that the second can refuse none."""

from collections.abc import Iterator, Mapping
from typing import Any

import pyarrow as pa

from workers.engine.data.refusals import refused

BATCH_ROWS = 1024
_INT64 = 2**63
# Kinds of one value. `null` gives way to any other, `int` to `float`; `other` (objects, lists of lists) is left out of the split.
_TYPES: dict[str, pa.DataType] = {
    "null": pa.string(), "bool": pa.bool_(), "int": pa.int64(), "float": pa.float64(), "text": pa.string(),
    "ints": pa.list_(pa.int64()), "floats": pa.list_(pa.float64()), "texts": pa.list_(pa.string()), "empty": pa.list_(pa.string()),
}  # fmt: skip
_WIDER = {("int", "float"): "float", ("ints", "floats"): "floats", ("empty", "ints"): "ints", ("empty", "floats"): "floats", ("empty", "texts"): "texts"}  # fmt: skip
_WORDS = {"bool": "truth values", "int": "whole numbers", "float": "numbers", "text": "text", "ints": "lists of whole numbers",
          "floats": "lists of numbers", "texts": "lists of texts", "empty": "lists", "other": "objects"}  # fmt: skip


class Inferred:
    """Kinds of the columns seen so far, in the order in which they first came."""

    def __init__(self, what: str) -> None:
        self.what, self.kinds = what, dict[str, str]()

    def see(self, row: Mapping[str, Any], place: str) -> None:
        for name, value in row.items():
            kind = kind_of(value)
            held = self.kinds.get(name, "null")
            if kind == held or kind == "null":
                self.kinds.setdefault(name, kind)
                continue
            joined = kind if held == "null" else _WIDER.get((held, kind)) or _WIDER.get((kind, held))
            if "other" in (kind, held):
                joined = "other"
            if joined is None:
                told = f"{place} of {self.what} has {_WORDS[kind]} in {name}, the rows before have {_WORDS[held]}."
                raise refused("data_ragged", told, "A column holds one kind of value.")
            self.kinds[name] = joined

    @property
    def schema(self) -> pa.Schema:
        return pa.schema([pa.field(name, _TYPES[kind]) for name, kind in self.kinds.items() if kind != "other"])


def kind_of(value: Any) -> str:
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
    if kinds <= {"int", "float"} and kinds:
        return "floats" if "float" in kinds else "ints"
    return "texts" if kinds == {"text"} else "other" if kinds else "empty"


def batches_of(rows: Iterator[Mapping[str, Any]], schema: pa.Schema) -> Iterator[pa.RecordBatch]:
    """Rows in batches of `schema`; a column that a row does not have is null there."""
    held: list[Mapping[str, Any]] = []
    for row in rows:
        held.append(row)
        if len(held) == BATCH_ROWS:
            yield _batch(held, schema)
            held = []
    if held:
        yield _batch(held, schema)


def _batch(rows: list[Mapping[str, Any]], schema: pa.Schema) -> pa.RecordBatch:
    return pa.record_batch(
        [_array([row.get(field.name) for row in rows], field.type) for field in schema], schema=schema
    )


def _array(values: list[Any], kind: pa.DataType) -> pa.Array:
    if pa.types.is_floating(kind):
        values = [
            None if value is None else float(value) for value in values
        ]  # pyarrow refuses to round a whole number
    elif pa.types.is_list(kind) and pa.types.is_floating(kind.value_type):
        values = [None if value is None else [float(item) for item in value] for value in values]
    return pa.array(values, kind)

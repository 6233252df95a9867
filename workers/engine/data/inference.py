"""Column types of tables that declare none (jsonl, csv): looked up in every value of a first pass, so that the second can refuse none."""

from collections.abc import Iterator, Mapping
from typing import Any

import pyarrow as pa

from workers.engine.data.refusals import refused
from workers.planning.kinds import WORDS, joined_kind, kind_of

BATCH_ROWS = 1024
# `other` is not here: a column of objects or lists of lists is left out of the split.
_TYPES: dict[str, pa.DataType] = {
    "null": pa.string(), "bool": pa.bool_(), "int": pa.int64(), "float": pa.float64(), "text": pa.string(),
    "ints": pa.list_(pa.int64()), "floats": pa.list_(pa.float64()), "texts": pa.list_(pa.string()), "empty": pa.list_(pa.string()),
}  # fmt: skip


class Inferred:
    """Kinds of the columns seen so far, in the order in which they first came."""

    def __init__(self, what: str) -> None:
        self.what, self.kinds = what, dict[str, str]()

    def see(self, row: Mapping[str, Any], place: str) -> None:
        for name, value in row.items():
            kind, held = kind_of(value), self.kinds.get(name, "null")
            joined = joined_kind(held, kind)
            if joined is None:
                told = f"{place} of {self.what} has {WORDS[kind]} in {name}, the rows before have {WORDS[held]}."
                raise refused("data_ragged", told, "A column holds one kind of value.")
            self.kinds[name] = joined

    @property
    def schema(self) -> pa.Schema:
        return pa.schema([pa.field(name, _TYPES[kind]) for name, kind in self.kinds.items() if kind != "other"])


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

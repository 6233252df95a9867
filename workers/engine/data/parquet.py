"""Tables in parquet, a few rows at a time. Columns that no role can be played by (structs, lists of lists, dates) are not read."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from workers.engine.data.refusals import refused

_BATCH_ROWS, _BUFFER_BYTES = 256, 2**20
_IMAGE_NAMES = ("image", "images", "img", "picture")
_HUGGINGFACE = b"huggingface"


def read_parquet(paths: list[Path], files: list[str], what: str) -> tuple[pa.Schema, Iterator[pa.RecordBatch]]:
    """The schema as it is kept, and batches in it. All files of a split must have the same columns."""
    schemas = [_schema(path, file, what) for path, file in zip(paths, files, strict=True)]
    for file, schema in zip(files[1:], schemas[1:], strict=True):
        if not schema.equals(schemas[0]):
            raise refused(
                "data_ragged", f"{file} of {what} has other columns than {files[0]}. {_difference(schemas[0], schema)}"
            )
    if not len(schemas[0]):
        raise refused("data_incomplete", f"{files[0]} of {what} has no column of numbers, text or pictures.")
    return schemas[0], _batches(paths, files, schemas[0], what)


def _schema(path: Path, file: str, what: str) -> pa.Schema:
    with _opened(path, file, what) as parquet:
        held = parquet.schema_arrow
    if len(set(held.names)) < len(held.names):
        twice = next(name for name in held.names if held.names.count(name) > 1)
        raise refused("data_ragged", f"{file} of {what} has two columns called {twice}.")
    features = _features(held.metadata)
    fields = [_field(field, features.get(field.name)) for field in held]
    return pa.schema([field for field in fields if field is not None])


def _field(field: pa.Field, feature: Any) -> pa.Field | None:
    """How a column is kept: pictures as bytes, text as string, numbers as they are; None for what is left out."""
    kind = field.type
    feature = feature if isinstance(feature, dict) else {}
    if pa.types.is_dictionary(kind):
        kind = kind.value_type
    if _is_picture(field.name, kind, feature):
        return pa.field(field.name, pa.binary(), metadata={b"picture": b"1"})
    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        return pa.field(field.name, pa.string())
    if _is_number(kind):
        names = feature.get("names") if feature.get("_type") == "ClassLabel" else None
        told = isinstance(names, list) and all(isinstance(name, str) for name in names)
        return pa.field(field.name, kind, metadata={b"names": json.dumps(names).encode()} if told else None)
    if pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind):
        item = kind.value_type
        if _is_number(item) or pa.types.is_string(item) or pa.types.is_large_string(item):
            return pa.field(field.name, pa.list_(pa.string() if not _is_number(item) else item))
    return None


def _is_picture(name: str, kind: pa.DataType, feature: dict[str, Any]) -> bool:
    if pa.types.is_struct(kind):
        return {kind.field(index).name for index in range(kind.num_fields)} == {"bytes", "path"}
    if not (pa.types.is_binary(kind) or pa.types.is_large_binary(kind)):
        return False
    return feature.get("_type") == "Image" or name.lower() in _IMAGE_NAMES


def _is_number(kind: pa.DataType) -> bool:
    return bool(pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_boolean(kind))


def _features(metadata: dict[bytes, bytes] | None) -> dict[str, Any]:
    """What the `datasets` library notes of its columns: class names, pictures."""
    try:
        noted = json.loads((metadata or {}).get(_HUGGINGFACE, b"{}"))
        features = noted["info"]["features"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return {}
    return features if isinstance(features, dict) else {}


def _batches(paths: list[Path], files: list[str], schema: pa.Schema, what: str) -> Iterator[pa.RecordBatch]:
    for path, file in zip(paths, files, strict=True):
        with _opened(path, file, what) as parquet:
            try:
                for batch in parquet.iter_batches(batch_size=_BATCH_ROWS, columns=schema.names, use_threads=False):
                    yield pa.record_batch([_kept(batch.column(field.name), field) for field in schema], schema=schema)
            except (pa.ArrowException, OSError, ValueError) as error:
                raise _unreadable(file, what) from error


def _kept(column: pa.Array, field: pa.Field) -> pa.Array:
    if pa.types.is_struct(column.type):
        column = column.field("bytes")
    return column if column.type == field.type else column.cast(field.type)


def _opened(path: Path, file: str, what: str) -> Any:
    try:
        return pq.ParquetFile(path, pre_buffer=False, buffer_size=_BUFFER_BYTES)
    except (pa.ArrowException, OSError, ValueError) as error:
        raise _unreadable(file, what) from error


def _unreadable(file: str, what: str) -> Exception:
    return refused(
        "data_unreadable",
        f"{file} of {what} is not a parquet file that can be read. It may have been cut off, or be nested too deeply.",
    )


def _difference(first: pa.Schema, other: pa.Schema) -> str:
    ours, theirs = set(map(str, first)), set(map(str, other))
    told = [
        f"only in one: {', '.join(sorted(ours - theirs)[:4]) or '–'}",
        f"in the other: {', '.join(sorted(theirs - ours)[:4]) or '–'}",
    ]
    return f"{told[0].capitalize()}; {told[1]}."

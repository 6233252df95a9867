"""Tables in csv (or tsv, by the ending): UTF-8, the first line names the columns. Types are read off the cells."""

import csv
import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa

from workers.engine.data.inference import BATCH_ROWS
from workers.engine.data.refusals import refused
from workers.planning.kinds import cell_kind, joined_cells

MAX_CELL_CHARACTERS = 16 * 2**20
MAX_COLUMNS = 10_000
_MAKE: dict[str, Any] = {"int": int, "float": float, "text": str}
_TYPES = {"null": pa.string(), "int": pa.int64(), "float": pa.float64(), "text": pa.string()}


def read_csv(paths: list[Path], files: list[str], what: str) -> tuple[pa.Schema, Iterator[pa.RecordBatch]]:
    """Two passes: the first refuses what is wrong and finds the types, the second gives the rows. An empty cell is null."""
    names, kinds = _kinds(paths, files, what)
    schema = pa.schema([pa.field(name, _TYPES[kind]) for name, kind in zip(names, kinds, strict=True)])
    return schema, _batches(paths, files, what, kinds, schema)


def _kinds(paths: list[Path], files: list[str], what: str) -> tuple[list[str], list[str]]:
    """The names of the columns and the kind of each, from every cell."""
    rows = _rows(paths, files, what)
    names = next(rows)
    kinds = ["null"] * len(names)
    for cells in rows:
        for place, cell in enumerate(cells):
            held = kinds[place]
            if held != "text" and cell:
                kind = cell_kind(cell)
                if kind != held:
                    kinds[place] = joined_cells(held, kind)
    return names, kinds


def _batches(
    paths: list[Path], files: list[str], what: str, kinds: list[str], schema: pa.Schema
) -> Iterator[pa.RecordBatch]:
    rows = _rows(paths, files, what)
    next(rows)
    while held := list(itertools.islice(rows, BATCH_ROWS)):
        columns = zip(*held, strict=True)
        yield pa.record_batch(
            [_array(list(cells), kind, field.type) for cells, kind, field in zip(columns, kinds, schema, strict=True)],
            schema=schema,
        )


def _array(cells: list[str], kind: str, type: pa.DataType) -> pa.Array:
    make = _MAKE.get(kind, str)
    return pa.array([make(cell) if cell else None for cell in cells], type)


def _rows(paths: list[Path], files: list[str], what: str) -> Iterator[list[str]]:
    """The names of the columns, then every row."""
    first: list[str] | None = None
    for path, file in zip(paths, files, strict=True):
        limit = csv.field_size_limit(MAX_CELL_CHARACTERS)
        try:
            with path.open(encoding="utf-8-sig", newline="") as opened:
                lines = csv.reader(opened, strict=True, delimiter="\t" if file.lower().endswith(".tsv") else ",")
                header = _header(next(lines, []), f"{file} of {what}")
                if first is not None and header != first:
                    raise refused("data_ragged", f"{file} of {what} has other columns than {files[0]}.")
                if first is None:
                    first = header
                    yield header
                for cells in lines:
                    if len(cells) == len(header):
                        yield cells
                    elif cells:
                        message = f"Line {lines.line_num} of {file} of {what} has {len(cells)} cells, the first line {len(header)}."
                        raise refused(
                            "data_ragged", message, "Put cells that hold a comma or a line break in double quotes."
                        )
        except UnicodeDecodeError:
            raise refused("data_not_utf8", f"{file} of {what} is not UTF-8 text. Save the file as UTF-8.") from None
        except csv.Error as error:
            raise refused("data_unreadable", f"{file} of {what} is not a table of cells: {error}.") from None
        finally:
            csv.field_size_limit(limit)


def _header(cells: list[str], what: str) -> list[str]:
    names = [cell.strip() for cell in cells]
    if not names or not all(names):
        raise refused("data_incomplete", f"The first line of {what} must name every column.")
    if len(names) > MAX_COLUMNS:
        raise refused("data_ragged", f"{what} has {len(names)} columns, at most {MAX_COLUMNS} are read.")
    twice = next((name for name in names if names.count(name) > 1), None) if len(set(names)) < len(names) else None
    if twice is not None:
        raise refused("data_ragged", f"{what} has two columns called {twice}.")
    return names

"""Rows of parquet, jsonl and csv files. Parquet is read where the rows stand; the others from the start, as far as a page may."""

import csv
import json
from collections.abc import Iterator, Sequence
from typing import Any

from hub.pages.samples.pictures import picture_of_bytes
from hub.pages.samples.reading import BlobFile

CHUNK_BYTES = 256 * 1024
MOST_ROW_GROUP_BYTES = 12 * 1024 * 1024
MOST_FOOTER = 1024 * 1024
BATCH_ROWS = 64


Rows = tuple[
    dict[str, list[Any]], int
]  # column → values of the wanted rows, and how many rows there are up to the last one looked at


def parquet_rows(file: BlobFile, rows: Sequence[int]) -> Rows:
    """Raises ValueError for what is no parquet file, or where a row group is too large to open for a page."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        table = pq.ParquetFile(
            pa.PythonFile(file, mode="r"), thrift_string_size_limit=MOST_FOOTER, thrift_container_size_limit=MOST_FOOTER
        )
        found: dict[str, list[Any]] = {name: [] for name in table.schema_arrow.names}
        start = 0
        for number in range(table.metadata.num_row_groups):
            group = table.metadata.row_group(number)
            wanted = [row - start for row in rows if start <= row < start + group.num_rows]
            start += group.num_rows
            if not wanted:
                continue
            # SECURITY: the sizes are the file's own claim of what it takes unpacked; a small file may hold a bomb.
            if group.total_byte_size > MOST_ROW_GROUP_BYTES:
                raise ValueError("the row group is too large to open for a page")
            # SECURITY: a few rows at a time: equal values are packed so well that a small group may be huge when laid out.
            place = 0
            for batch in table.iter_batches(BATCH_ROWS, row_groups=[number]):
                here = [row - place for row in wanted if place <= row < place + batch.num_rows]
                if batch.nbytes > MOST_ROW_GROUP_BYTES:
                    raise ValueError("the rows are too large to open for a page")
                for name in found if here else ():
                    found[name] += [_plain(value) for value in batch[name].take(here).to_pylist()]
                place += batch.num_rows
                if place > wanted[-1]:
                    break
    except pa.ArrowException as error:
        raise ValueError("not a parquet file") from error
    return found, start


def _plain(value: Any) -> Any:
    """Pictures of the HF layout are `{bytes, path}`."""
    if isinstance(value, dict) and isinstance(value.get("bytes"), bytes):
        return picture_of_bytes(value["bytes"])
    return None if isinstance(value, bytes) else value


def line_rows(file: BlobFile, rows: Sequence[int]) -> Rows:
    """jsonl: one object a line. Raises ValueError for a line that is none."""
    wanted, found, count = set(rows), {}, 0
    for text in _lines(file):
        if not text.strip():
            continue
        if count in wanted:
            row = json.loads(text)
            if not isinstance(row, dict):
                raise ValueError("a line is no object")
            found[count] = row
        count += 1
        if len(found) == len(wanted):
            break
    names = list(dict.fromkeys(name for row in found.values() for name in row))
    return _columns(names, found, rows), count


def csv_rows(file: BlobFile, rows: Sequence[int], delimiter: str) -> Rows:
    """The first line names the columns."""
    reader = csv.DictReader(_lines(file), delimiter=delimiter, strict=True)
    wanted, found, count = set(rows), {}, 0
    try:
        for row in reader:
            if count in wanted:
                found[count] = row
            count += 1
            if len(found) == len(wanted):
                break
    except csv.Error as error:
        raise ValueError("not a csv file") from error
    return _columns(reader.fieldnames or [], found, rows), count


def _columns(names: Sequence[str], found: dict[int, dict[str, Any]], rows: Sequence[int]) -> dict[str, list[Any]]:
    return {name: [found[row].get(name) for row in rows if row in found] for name in names}


def _lines(file: BlobFile) -> Iterator[str]:
    """Lines of text, with their ends. UnicodeDecodeError is a ValueError."""
    kept = b""
    while chunk := file.read(CHUNK_BYTES):
        kept += chunk
        *whole, kept = kept.split(b"\n")
        for line in whole:
            yield line.decode("utf-8-sig") + "\n"
    if kept:
        yield kept.decode("utf-8-sig")

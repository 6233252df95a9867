"""Splits of tables. Whatever they are written in, they are read once, a few rows at a time, into one Arrow file, and mapped from there."""

import hashlib
import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pyarrow as pa

from workers.engine.data.columns import ArrowColumn, Column, PictureColumn
from workers.engine.data.delimited import read_csv
from workers.engine.data.lines import read_jsonl
from workers.engine.data.parquet import read_parquet
from workers.engine.data.pictures import check_picture, decode_bytes, open_described
from workers.engine.data.refusals import refused
from workers.planning.datasets import FILE_NAME, SplitFiles, described_folder

REVISION = 1
# A table may unpack to so many times its size, or to this many bytes: more is meant to fill the disk.
MAX_GROWTH, FREE_GROWTH_BYTES = 200, 2**30
Reader = Callable[[list[Path], list[str], str], tuple[pa.Schema, Iterator[pa.RecordBatch]]]
_READERS: dict[str, Reader] = {"parquet": read_parquet, "jsonl": read_jsonl, "csv": read_csv}
PICTURE, NAMES, CHANNELS = b"picture", b"names", b"channels"


def open_tables(folder: Path, files: SplitFiles, what: str, scratch: Path) -> dict[str, Column]:
    paths = [folder / file for file in files.files]
    target = scratch / f"{_key(paths, files, what)}.arrow"
    if not target.is_file():
        scratch.mkdir(parents=True, exist_ok=True)
        schema, batches = _READERS[files.format](paths, list(files.files), what)
        allowed = max(FREE_GROWTH_BYTES, MAX_GROWTH * sum(path.stat().st_size for path in paths))
        # Several processes of one training may do this at once, each under a name of its own. A name stands for a whole file.
        part, note = (target.with_suffix(f".{os.getpid()}.{kind}") for kind in ("part", "note"))
        try:
            colour = _write(part, schema, batches, allowed, what)
            note.write_text(json.dumps(colour))
            os.replace(note, target.with_suffix(".json"))
            os.replace(part, target)
        finally:
            part.unlink(missing_ok=True)  # of a table that was refused on its way
    columns = _mapped(target, what)
    described = described_folder(files)
    if described is not None and columns.get(FILE_NAME) is not None and columns[FILE_NAME].type == "string":
        columns = {"image": open_described(folder, described, columns[FILE_NAME], what)} | columns
    return columns


def _key(paths: list[Path], files: SplitFiles, what: str) -> str:
    """Of the files as they lie there: the same split opened twice, or after a kill, is read once."""
    found = [
        [file, (status := path.stat()).st_size, status.st_mtime_ns]
        for file, path in zip(files.files, paths, strict=True)
    ]
    return hashlib.sha256(json.dumps([REVISION, what, found]).encode()).hexdigest()[:32]


def _write(path: Path, schema: pa.Schema, batches: Iterator[pa.RecordBatch], allowed: int, what: str) -> dict[int, int]:
    """Writes all batches. Gives the channels of each column of pictures, by its place: 3 as soon as one of them is in colour."""
    pictures = [index for index, field in enumerate(schema) if PICTURE in (field.metadata or {})]
    colour: dict[int, int] = dict.fromkeys(pictures, 1)
    written = row = 0
    with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_file(sink, schema) as writer:
        for batch in batches:
            written += batch.nbytes
            if written > allowed:
                message = f"The tables of {what} unpack to more than {allowed // 2**20} MiB, {MAX_GROWTH} times what they are stored in."
                raise refused("data_bomb", message, "Such a table is made to fill memory or disk, and is not read.")
            for index in pictures:
                for place, value in enumerate(batch.column(index)):
                    found = check_picture(value.as_py(), f"Row {row + place} of {what}")
                    colour[index] = max(colour[index], found)
            row += batch.num_rows
            writer.write_batch(batch)
    return colour


def _mapped(path: Path, what: str) -> dict[str, Column]:
    reader = pa.ipc.open_file(pa.memory_map(str(path)))
    batches = [reader.get_batch(index) for index in range(reader.num_record_batches)]
    colour = {int(index): channels for index, channels in json.loads(path.with_suffix(".json").read_text()).items()}
    columns: dict[str, Column] = {}
    for index, field in enumerate(reader.schema):
        held = field.metadata or {}
        chunks = [batch.column(index) for batch in batches]
        names = tuple(json.loads(held[NAMES])) if NAMES in held else ()
        kept = ArrowColumn(chunks, str(field.type), names=names)
        columns[field.name] = PictureColumn(kept, decode_bytes(colour[index], what)) if PICTURE in held else kept
    return columns

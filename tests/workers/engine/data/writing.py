"""Small splits, written as people write them."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from safetensors.numpy import save_file

Rows = Sequence[Mapping[str, Any]]
REVIEWS: Rows = (
    {"text": "a fine film", "label": "good"},
    {"text": "never again", "label": "bad"},
    {"text": "I wept — with joy", "label": "good"},
    {"text": "bread, water", "label": "bad"},
)


def write_jsonl(folder: Path, rows: Rows, file: str = "test.jsonl") -> Path:
    return _write(folder / file, "".join(json.dumps(dict(row), ensure_ascii=False) + "\n" for row in rows).encode())


def write_csv(folder: Path, text: str, file: str = "test.csv") -> Path:
    return _write(folder / file, text.encode())


def write_parquet(folder: Path, rows: Rows | pa.Table, file: str = "data/test.parquet", **options: Any) -> Path:
    path = _write(folder / file, b"")
    pq.write_table(
        rows if isinstance(rows, pa.Table) else pa.Table.from_pylist([dict(row) for row in rows]), path, **options
    )
    return path


def write_tensors(
    folder: Path, tensors: Mapping[str, Any], file: str = "data/test.safetensors", **metadata: str
) -> Path:
    path = _write(folder / file, b"")
    save_file({name: np.ascontiguousarray(array) for name, array in tensors.items()}, path, metadata=metadata or None)
    return path


def write_picture(path: Path, pixels: Any) -> Path:
    """`pixels` uint8 `[height, width]` or `[height, width, 3]`."""
    from PIL import Image

    _write(path, b"")
    Image.fromarray(np.asarray(pixels, dtype=np.uint8)).save(path)
    return path


def _write(path: Path, content: bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path

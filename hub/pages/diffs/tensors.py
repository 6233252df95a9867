"""Two safetensors files by their headers alone: which tensors came, went, or have another shape or number format."""

from dataclasses import dataclass

from hub.blobs.models import Blob
from hub.blobs.services import blob_bytes
from hub.catalog.states import FileState
from workers.planning.headers import LENGTH_BYTES, Header, HeaderError, header_length, parse_header

MOST_HEADER_BYTES = 4_000_000
MOST_ROWS = 200


@dataclass(frozen=True)
class TensorRow:
    """Shape and number format before and after; empty where the tensor is not there."""

    kind: str
    name: str
    before: str
    after: str


@dataclass(frozen=True)
class TensorDiff:
    rows: tuple[TensorRow, ...]
    added: int
    removed: int
    changed: int
    same: int

    @property
    def left_out(self) -> int:
        return self.added + self.removed + self.changed - len(self.rows)


def tensor_diff(before: FileState | None, after: FileState | None) -> TensorDiff | None:
    """None when a header is longer than a page should read, or is none."""
    old, new = _tensors(before), _tensors(after)
    if old is None or new is None:
        return None
    rows = []
    for name in sorted(old.keys() | new.keys()):
        one, two = old.get(name, ""), new.get(name, "")
        if one != two:
            rows.append(TensorRow("added" if not one else "removed" if not two else "changed", name, one, two))
    counts = {kind: sum(row.kind == kind for row in rows) for kind in ("added", "removed", "changed")}
    same = sum(old[name] == new[name] for name in old.keys() & new.keys())
    return TensorDiff(tuple(rows[:MOST_ROWS]), **counts, same=same)


def _tensors(file: FileState | None) -> dict[str, str] | None:
    if file is None:
        return {}
    header = _header(file)
    if header is None:
        return None
    return {
        name: f"{tensor.dtype} {' × '.join(map(str, tensor.shape)) or 'scalar'}"
        for name, tensor in header.tensors.items()
    }


def _header(file: FileState) -> Header | None:
    blob = Blob(sha256=file.sha256, size_bytes=file.size_bytes)
    try:
        length = header_length(blob_bytes(blob=blob, end=min(LENGTH_BYTES, file.size_bytes)), file.size_bytes)
        if length > MOST_HEADER_BYTES:
            return None
        return parse_header(blob_bytes(blob=blob, start=LENGTH_BYTES, end=LENGTH_BYTES + length), file.size_bytes)
    except HeaderError:
        return None

"""The journal: finished shards and what is known of them, so that a killed job goes on where it was."""

import hashlib
import json
import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, BinaryIO

from workers.engine.io.digest import TensorMark
from workers.engine.io.writer import Slot, header_of, sync_folder
from workers.planning.headers import HeaderError, read_header

SCHEMA = 1
_CHUNK_BYTES = 1 << 20


@dataclass(frozen=True)
class ShardRecord:
    """One finished file. `notes` is what the executor wants back per tensor (measures, counts), as JSON.

    `sha256` may be "": then `tensors`, in the order in which they lie in the file, say what its bytes are.
    """

    file: str
    size_bytes: int
    sha256: str
    tensors: tuple[TensorMark, ...]
    notes: dict[str, Any]


class Journal:
    """A folder with the finished shard files and one record for each. Keyed to a plan: records of another plan do not count."""

    def __init__(self, folder: Path, key: str) -> None:
        self.folder = folder
        self._key = key
        folder.mkdir(parents=True, exist_ok=True)

    def path(self, file: str) -> Path:
        """Where the bytes of `file` wait; those of a component's folder lie beside all others."""
        return self.folder / file.replace("/", "--")

    def finished(self, file: str) -> ShardRecord | None:
        """The record of `file` if it was finished under this plan and its bytes are still those recorded; else None.

        Whatever is torn, foreign or altered is removed, so that the shard is made again.
        """
        found = self._read(file)
        if found is not None and self._holds(found):
            return found
        for path in (self._record(file), self.path(file), self.path(f"{file}.part")):
            path.unlink(missing_ok=True)
        return None

    def record(self, shard: ShardRecord) -> None:
        """Notes a shard whose file is there under its name."""
        self._write(self._record(shard.file), {"schema": SCHEMA, "plan": self._key, **asdict(shard)})

    def note(self, name: str) -> dict[str, Any] | None:
        """What `keep` noted under that name for this plan; None if nothing was."""
        try:
            document = json.loads((self.folder / f"{name}.note").read_text(encoding="utf-8"))
            numbers: dict[str, Any] = document["note"]
            return numbers if document["schema"] == SCHEMA and document["plan"] == self._key else None
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def keep(self, name: str, note: dict[str, Any]) -> None:
        """Notes plain JSON durably: a killed job need not find it out again."""
        self._write(self.folder / f"{name}.note", {"schema": SCHEMA, "plan": self._key, "note": note})

    def _write(self, path: Path, document: dict[str, Any]) -> None:
        temporary = path.with_suffix(".part")
        with temporary.open("w", encoding="utf-8") as out:
            json.dump(document, out)
            out.flush()
            os.fsync(out.fileno())
        temporary.replace(path)
        sync_folder(self.folder)

    def _record(self, file: str) -> Path:
        return self.path(f"{file}.json")

    def _read(self, file: str) -> ShardRecord | None:
        try:
            document = json.loads(self._record(file).read_text(encoding="utf-8"))
            if document.pop("schema") != SCHEMA or document.pop("plan") != self._key:
                return None
            marks = tuple(TensorMark(**{**mark, "shape": tuple(mark["shape"])}) for mark in document.pop("tensors"))
            return ShardRecord(tensors=marks, **document)
        except (OSError, ValueError, KeyError, TypeError):
            # Torn by a kill, or written by another release: either way the shard is made again.
            return None

    def _holds(self, shard: ShardRecord) -> bool:
        path = self.path(shard.file)
        if not path.is_file() or path.stat().st_size != shard.size_bytes:
            return False
        with path.open("rb") as file:
            if shard.sha256:
                return hashlib.file_digest(file, "sha256").hexdigest() == shard.sha256
            return _are_there(shard.tensors, file, shard.size_bytes)


def _are_there(marks: Sequence[TensorMark], file: BinaryIO, size: int) -> bool:
    """Whether the file holds these tensors, one after another, and nothing else."""
    try:
        facts = read_header(file, size).facts("")
    except HeaderError:
        return False
    found = sorted(facts.items(), key=lambda item: (item[1].begin, item[1].end))
    # The file of a component knows nothing of its folder.
    if len(found) != len(marks) or not all(
        mark.name.endswith(name) for mark, (name, _) in zip(marks, found, strict=True)
    ):
        return False
    header = header_of([Slot(name, mark.dtype, mark.shape) for mark, (name, _) in zip(marks, found, strict=True)])
    file.seek(0)
    if file.read(len(header)) != header:
        return False
    for mark, (_, fact) in zip(marks, found, strict=True):
        file.seek(fact.begin)
        if _sha256_of(file, fact.size_bytes) != mark.sha256:
            return False
    return True


def _sha256_of(file: BinaryIO, size: int) -> str:
    digest = hashlib.sha256()
    while size and (chunk := file.read(min(size, _CHUNK_BYTES))):
        digest.update(chunk)
        size -= len(chunk)
    return digest.hexdigest()

"""The journal: finished shards and what is known of them, so that a killed job goes on where it was."""

import hashlib
import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from workers.engine.io.digest import TensorMark
from workers.engine.io.writer import sync_folder

SCHEMA = 1


@dataclass(frozen=True)
class ShardRecord:
    """One finished file. `notes` is what the executor wants back per tensor (measures, counts), as JSON."""

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
        """The record of `file` if it was finished under this plan and its bytes still have the recorded sha256; else None.

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
            return hashlib.file_digest(file, "sha256").hexdigest() == shard.sha256

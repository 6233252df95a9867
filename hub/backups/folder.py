"""The folder of all backups of a hub: one place for blobs, shared, and one sub-folder per snapshot of the database.

DIR/genepool-backups.json      says what this folder is
DIR/blobs/sha256/ab/cd/<hex>   every blob of every snapshot, once
DIR/20261121T063000Z/          database.dump, blobs.tsv, secrets/, and manifest.json, written last
"""

import contextlib
import fcntl
import json
import os
import re
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from hub.backups.errors import BackupError
from hub.backups.manifest import MANIFEST, Manifest, blobs_listed, manifest_read, parts_check
from hub.blobs.drivers import LocalDriver

MARKER = "genepool-backups.json"
NAME = re.compile(r"\d{8}T\d{6}Z(-\d+)?")


class BackupFolder:
    def __init__(self, root: Path) -> None:
        self.root = root.expanduser().resolve()
        self.blobs = LocalDriver(self.root / "blobs")

    def prepare(self) -> None:
        """Makes the folder, or makes sure that it is ours: nobody wants blobs strewn over a home folder by a slip."""
        marker = self.root / MARKER
        try:
            if self.root.exists() and not marker.exists() and any(self.root.iterdir()):
                raise BackupError(f"{self.root} holds other files and no backups. Name an empty or a new folder.")
            self.root.mkdir(mode=0o700, parents=True, exist_ok=True)
            (self.root / "blobs").mkdir(mode=0o700, exist_ok=True)
            if not marker.exists():
                marker.write_text(json.dumps({"schema": 1, "what": "backups of a Genepool hub"}) + "\n")
        except OSError as error:
            raise BackupError(f"{self.root} cannot be written: {error.strerror}. Choose another folder.") from None

    def check(self) -> None:
        if not (self.root / MARKER).is_file():
            raise BackupError(f"{self.root} holds no backups of Genepool. Name the folder given to `genepool backup`.")

    @contextlib.contextmanager
    def held(self, *, is_shared: bool = False) -> Iterator[None]:
        """One backup at a time writes here, and none while a restore reads; the kernel lets go when a process dies."""
        with open(self.root / MARKER) as file:
            try:
                fcntl.flock(file, (fcntl.LOCK_SH if is_shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
            except OSError:
                raise BackupError(f"Another backup or restore is at work in {self.root}. Wait for its end.") from None
            yield

    def snapshots(self) -> list[Path]:
        """The finished ones, the oldest first."""
        return [path for path in self._folders() if (path / MANIFEST).is_file()]

    def chosen(self, name: str | None) -> Path:
        finished = self.snapshots()
        if not finished:
            raise BackupError(f"{self.root} holds no finished backup. Run `genepool backup {self.root}` to its end.")
        if name is None:
            return finished[-1]
        for path in finished:
            if path.name == name:
                return path
        known = ", ".join(path.name for path in finished[-5:])
        raise BackupError(f"There is no finished backup {name!r} in {self.root}. The latest are {known}.")

    def begin(self, now: datetime | None = None) -> Path:
        """An empty folder for a new snapshot. What killed runs left goes; the blobs they copied stay and are not copied again."""
        for path in self._folders():
            if not (path / MANIFEST).exists():
                shutil.rmtree(path)
        stem = (now or datetime.now(UTC)).strftime("%Y%m%dT%H%M%SZ")
        name, number = stem, 1
        while (self.root / name).exists():
            number += 1
            name = f"{stem}-{number}"
        (self.root / name).mkdir(mode=0o700)
        return self.root / name

    def rotate(self, keep: int) -> tuple[int, int]:
        """Keeps the latest `keep` snapshots. Gives how many snapshots went, and how many blobs that no other one names."""
        finished = self.snapshots()
        outdated = finished[:-keep] if keep else []
        if not outdated:
            return 0, 0
        named = {sha256 for folder in finished[-keep:] for sha256, _ in blobs_listed(folder)}
        for folder in outdated:
            (folder / MANIFEST).unlink()  # first: half a snapshot is no snapshot
            shutil.rmtree(folder)
        gone = 0
        for path in (self.root / "blobs" / "sha256").glob("*/*/*"):
            if path.name not in named:
                path.unlink()
                gone += 1
        return len(outdated), gone

    def _folders(self) -> list[Path]:
        return sorted(path for path in self.root.iterdir() if NAME.fullmatch(path.name) and path.is_dir())


def snapshot_choose(root: Path, name: str | None) -> tuple[BackupFolder, Path, Manifest]:
    """The latest finished snapshot, or the one named. That its parts are whole is checked here, before any service is started."""
    folder = BackupFolder(root)
    folder.check()
    snapshot = folder.chosen(name)
    manifest = manifest_read(snapshot)
    parts_check(snapshot, manifest)
    return folder, snapshot, manifest


def write_whole(path: Path, text: str) -> None:
    """All of it under this name or nothing, also after a power cut. Only its owner may read it."""
    temporary = path.with_name(f".{path.name}.part")
    temporary.unlink(missing_ok=True)
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)

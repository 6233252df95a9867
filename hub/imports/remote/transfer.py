"""One file from the other hub into the journal: resumed where it stopped, counted, hashed, and named after its hash."""

import hashlib
import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from hub.core.http_client import HttpError
from hub.core.outbound import Answer, Lie, Reader, Refusal
from hub.imports.remote.listing import RemoteFile
from hub.imports.remote.source import Source
from workers.contracts.errors import TransientError, UserError
from workers.planning.pickles import SNIFF_BYTES
from workers.planning.refusals import content_finding

TRIES = 6
PROGRESS_BYTES = 2**20  # a line that breaks after so much is slow work, not a failure
PAUSE_S, PAUSE_LIMIT_S = 0.5, 60.0
READ_BYTES = 2**20
_AGAIN = (408, 425, 429, 500, 502, 503, 504)


@dataclass(frozen=True)
class Fetched:
    """A file that is here, whole, and has the hash it was announced with. `reason`: it may not be kept, and why."""

    path: Path
    sha256: str
    reason: str = ""


class Transfer:
    """`tick(bytes)` is told of every piece and may raise to stop; `pause(seconds)` waits and may raise too."""

    def __init__(
        self, reader: Reader, source: Source, journal: Path, *, tick: Callable[[int], None], pause: Callable[[float], None] = time.sleep
    ) -> None:  # fmt: skip
        self._reader, self._source, self._tick, self._pause = reader, source, tick, pause
        self._parts, self._done = journal / "parts", journal / "done"
        for folder in (self._parts, self._done):
            folder.mkdir(exist_ok=True)

    def fetch(self, commit: str, file: RemoteFile) -> Fetched:
        """The file. What an earlier attempt left is hashed again before it counts."""
        done = self._done / file.key
        if done.exists():
            sha256 = _verified(done, file)
            if sha256:
                self._tick(file.size_bytes)
                return Fetched(done, sha256, _reason(done, file))
            done.unlink()
        part = self._parts / file.key
        sha256 = self._complete(commit, file, part)
        os.replace(part, done)
        return Fetched(done, sha256, _reason(done, file))

    def _complete(self, commit: str, file: RemoteFile, part: Path) -> str:
        had = min(part.stat().st_size, file.size_bytes) if part.exists() else 0
        self._tick(had)
        failures = 0
        while True:
            before = part.stat().st_size if part.exists() else 0
            try:
                self._continue(commit, file, part)
                sha256 = _verified(part, file)
                if sha256:
                    return sha256
                self._tick(-part.stat().st_size)
                part.unlink()
                raise Lie(f"{file.path} came with another content than the source announced. Its hash does not fit.")
            except Lie as error:
                # One more try from the start where an earlier piece was there: that piece may be what is wrong.
                if before == 0:
                    raise UserError(f"{error} Nothing of it was taken.") from error
            except HttpError as error:
                self._reader.close()
                if isinstance(error, Refusal) and error.status not in _AGAIN:
                    raise UserError(f"{file.path} cannot be fetched: {error}") from error
                after = part.stat().st_size if part.exists() else 0
                failures = 0 if after - before >= PROGRESS_BYTES else failures + 1
                if failures == TRIES:
                    raise TransientError(
                        f"{file.path}: {error} What came is kept; the next attempt goes on from there."
                    ) from error
                wait = error.retry_after_s if isinstance(error, Refusal) else 0.0
                self._pause(min(max(wait, PAUSE_S * 2**failures), PAUSE_LIMIT_S))

    def _continue(self, commit: str, file: RemoteFile, part: Path) -> None:
        """From the byte where the part ends to the end of the file."""
        with part.open("ab") as target:
            start = target.tell()
            if start > file.size_bytes:
                self._tick(-file.size_bytes)
                start = _cut(target.fileno())
            if start == file.size_bytes:
                return
            try:
                answer = self._reader.get(self._source.file(commit, file.path), start=start)
            except Refusal as error:
                if error.status != 416 or start == 0:
                    raise
                self._tick(-start)
                start = _cut(target.fileno())
                answer = self._reader.get(self._source.file(commit, file.path))
            if start and not _goes_on(answer, start, file.size_bytes):
                self._tick(-start)
                start = _cut(target.fileno())
            for chunk in answer.chunks(file.size_bytes - start):
                target.write(chunk)
                self._tick(len(chunk))
            target.flush()
            os.fsync(target.fileno())
        if part.stat().st_size < file.size_bytes:
            raise HttpError(f"{answer.host} ended {file.path} early.")


def _cut(descriptor: int) -> int:
    os.ftruncate(descriptor, 0)
    return 0


def _goes_on(answer: Answer, start: int, size: int) -> bool:
    """Whether a partial answer is the part that was asked for. A whole answer begins at the beginning."""
    return answer.status == 206 and answer.headers.get("content-range", "").replace(" ", "") in (
        f"bytes{start}-{size - 1}/{size}", f"bytes{start}-{size - 1}/*",
    )  # fmt: skip


def _verified(path: Path, file: RemoteFile) -> str:
    """The sha256 when size and announced hash fit, else ""."""
    size = path.stat().st_size
    if size != file.size_bytes:
        return ""
    sha256, git = hashlib.sha256(), hashlib.sha1(b"blob %d\0" % size, usedforsecurity=False)
    for chunk in _pieces(path):
        sha256.update(chunk)
        git.update(chunk)
    expected, found = (file.sha256, sha256.hexdigest()) if file.is_lfs else (file.oid, git.hexdigest())
    return sha256.hexdigest() if expected == found else ""


def _pieces(path: Path) -> Iterator[bytes]:
    with path.open("rb") as source:
        while chunk := source.read(READ_BYTES):
            yield chunk


def _reason(path: Path, file: RemoteFile) -> str:
    """Why this content is refused at the door of this hub, or ""."""
    with path.open("rb") as source:
        head = source.read(SNIFF_BYTES)
        source.seek(max(0, file.size_bytes - SNIFF_BYTES))
        tail = source.read(SNIFF_BYTES)
    finding = content_finding(file.path, head, file.size_bytes, tail)
    return finding.message if finding is not None else ""

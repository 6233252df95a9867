"""A remote repo laid out as a folder with holes, which are filled piece by piece, each once: also over several attempts."""

import hashlib
import os
import threading
from collections import deque
from collections.abc import Iterable
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from workers.remote.errors import RemoteError

if TYPE_CHECKING:
    from workers.remote.repo import RemoteRepo

PIECE_BYTES = 4 << 20
CONNECTIONS = 4
_THERE = b"\1"

Key = tuple[str, int]


@dataclass
class LaidRepo:
    """`root/files` is the folder, `root/pieces` notes what of each file is there: one byte for each piece."""

    repo: "RemoteRepo"
    root: Path
    downloads: "Downloads"
    _there: dict[str, bytearray] = field(default_factory=dict)
    _whole_only: set[str] = field(default_factory=set)
    _first: threading.Lock = field(default_factory=threading.Lock)
    _sends_parts: bool = False

    @property
    def folder(self) -> Path:
        return self.root / "files"

    def lay(self, names: Iterable[str]) -> None:
        """Makes the files in their full length; what an earlier attempt fetched stays."""
        for name in names:
            path, note = self.folder / name, self._note(name)
            path.parent.mkdir(parents=True, exist_ok=True)
            note.parent.mkdir(parents=True, exist_ok=True)
            size = self.repo.files[name].size_bytes
            count = -(-size // PIECE_BYTES)
            held = note.read_bytes() if note.is_file() and path.is_file() and path.stat().st_size == size else b""
            self._there[name] = bytearray(held if len(held) == count else bytes(count))
            if len(held) != count:
                with path.open("wb") as file:
                    file.truncate(size)
                note.write_bytes(bytes(count))

    def pieces(self, name: str, begin: int, end: int) -> list[Key]:
        """What is still missing of these bytes."""
        there = self._there[name]
        return [(name, piece) for piece in range(begin // PIECE_BYTES, -(-end // PIECE_BYTES)) if not there[piece]]

    def wait(self, file: str, begin: int, end: int) -> None:
        self.downloads.wait(self, self.pieces(file, begin, end))

    def fetch(self, key: Key) -> None:
        """Fetches one piece, and notes that it is there once it is. A server that sends whole files only fills the whole file."""
        if self._sends_parts:
            self._fetch(*key)
        else:
            # One at a time until it is known whether parts are sent: whole files are not fetched several times over.
            with self._first:
                self._fetch(*key)

    def _fetch(self, name: str, piece: int) -> None:
        if self._there[name][piece]:
            return
        size = self.repo.files[name].size_bytes
        begin, end = piece * PIECE_BYTES, min((piece + 1) * PIECE_BYTES, size)
        target = os.open(self.folder / name, os.O_WRONLY)
        try:
            is_part = self.repo.part(name, begin, end, lambda place, data: _write(target, place, data))
        finally:
            os.close(target)
        done = [piece] if is_part else range(len(self._there[name]))
        if is_part:
            self._sends_parts = True
        else:
            self._whole_only.add(name)
        note = os.open(self._note(name), os.O_WRONLY)
        try:
            for index in done:
                os.pwrite(note, _THERE, index)
                self._there[name][index] = 1
        finally:
            os.close(note)

    def verify(self) -> list[str]:
        """Compares every file that is there as a whole with the sha256 that the hub says; gives the names of those compared.

        Raises:
            RemoteError: one differs.
        """
        compared = []
        for name, there in self._there.items():
            wanted = self.repo.files[name].sha256
            if not wanted or not all(there):
                continue
            digest = hashlib.sha256()
            with (self.folder / name).open("rb") as file:
                while chunk := file.read(1 << 20):
                    digest.update(chunk)
            if digest.hexdigest() != wanted:
                self._note(name).unlink()  # so that nothing of it is taken over
                raise RemoteError(
                    f"{name} of {self.repo.name} at {self.repo.address.host} is not what the hub says: its sha256 differs."
                )
            compared.append(name)
        return compared

    @property
    def whole_only(self) -> list[str]:
        """The files that the server sent whole, though a part was asked for."""
        return sorted(self._whole_only)

    @property
    def held_bytes(self) -> int:
        return sum(sum(there) * PIECE_BYTES for there in self._there.values())

    def _note(self, name: str) -> Path:
        return self.root / "pieces" / name


class Downloads:
    """Fetches pieces in the order in which they are asked for, those that somebody waits for first, over a few connections."""

    def __init__(self, connections: int = CONNECTIONS) -> None:
        self._ready = threading.Condition()
        self._queue: deque[tuple[LaidRepo, Key]] = deque()
        self._asked: dict[tuple[int, Key], Future[None]] = {}
        self._is_closed = False
        self._threads = [
            threading.Thread(target=self._work, name=f"download-{index}", daemon=True) for index in range(connections)
        ]
        for thread in self._threads:
            thread.start()

    def soon(self, laid: LaidRepo, pieces: Iterable[Key], *, first: bool = False) -> list[Future[None]]:
        futures = []
        with self._ready:
            for key in pieces:
                future = self._asked.get((id(laid), key))
                if future is None:
                    future = self._asked[id(laid), key] = Future()
                    (self._queue.appendleft if first else self._queue.append)((laid, key))
                elif first and not future.running() and not future.done() and (laid, key) in self._queue:
                    self._queue.remove((laid, key))
                    self._queue.appendleft((laid, key))
                futures.append(future)
            self._ready.notify_all()
        return futures

    def wait(self, laid: LaidRepo, pieces: Iterable[Key]) -> None:
        for future in self.soon(laid, pieces, first=True):
            future.result()

    def close(self) -> None:
        """Lets go of what is waiting, and waits for what is under way."""
        with self._ready:
            self._is_closed = True
            for laid, key in self._queue:
                self._asked[id(laid), key].cancel()
            self._queue.clear()
            self._ready.notify_all()
        for thread in self._threads:
            thread.join()

    def _work(self) -> None:
        while True:
            with self._ready:
                while not self._queue and not self._is_closed:
                    self._ready.wait()
                if self._is_closed:
                    return
                laid, key = self._queue.popleft()
                future = self._asked[id(laid), key]
            if not future.set_running_or_notify_cancel():
                continue
            try:
                laid.fetch(key)
            except BaseException as error:
                future.set_exception(error)
            else:
                future.set_result(None)


def _write(target: int, place: int, data: bytes) -> None:
    done = 0
    while done < len(data):
        done += os.pwrite(target, data[done:], place + done)

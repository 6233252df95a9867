"""A repo of a hub at one commit: its files, and what their headers say, without downloading it."""

import contextlib
import re
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

import httpx

from workers.contracts.errors import UserError
from workers.contracts.facts import RepoFacts
from workers.contracts.findings import has_errors
from workers.planning.extract import extract_facts
from workers.remote.address import Address
from workers.remote.errors import RemoteError
from workers.remote.scan import scan_of
from workers.remote.wire import Wire

MAX_FILES = 20_000
_BLOCK = 64 << 10
_HEX = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")


@dataclass(frozen=True)
class RemoteFile:
    """`sha256` is "" where the hub does not say it."""

    path: str
    size_bytes: int
    sha256: str = ""


@dataclass
class RemoteRepo:
    """Pinned to `commit`: every request names it, and every answer about a file must have the ETag of the first."""

    wire: Wire
    address: Address
    commit: str
    is_private: bool
    files: dict[str, RemoteFile]
    _etags: dict[str, str] = field(default_factory=dict)
    _blocks: dict[tuple[str, int], bytes] = field(default_factory=dict)

    @property
    def is_dataset(self) -> bool:
        return self.address.type == "dataset"

    @property
    def name(self) -> str:
        return self.address.reference.repo

    def part(self, path: str, start: int, end: int, write: Any) -> bool:
        """As `Wire.part`, of a file of this repo."""
        size = self.files[path].size_bytes
        place = f"{self.address.path}/resolve/{self.commit}/{quote(path)}"
        return self.wire.part(place, start, end, size, write, lambda headers: self._check(path, headers))

    def read(self, path: str, start: int, length: int) -> bytes:
        """A few bytes, for headers and configs. Small reads near each other are one request."""
        size = self.files[path].size_bytes
        end = min(start + length, size)
        if start >= end:
            return b""
        low, high = start // _BLOCK * _BLOCK, min(-(-end // _BLOCK) * _BLOCK, size)
        if (path, low) not in self._blocks or len(self._blocks[path, low]) < end - low:
            self._blocks[path, low] = self._fetched(path, low, high)
        return self._blocks[path, low][start - low : end - low]

    def facts(self, text: str) -> RepoFacts:
        """Raises UserError, with findings where there are any, for a repo that cannot be used."""
        listed = ((file.path, file.size_bytes, file.sha256) for file in self.files.values())
        facts, findings = extract_facts(listed, self.read)
        self._blocks.clear()
        if has_errors(findings):
            raise UserError(f"{text} holds files that cannot be used.", tuple(findings))
        return facts.model_copy(
            update={
                "reference": text, "repo": self.name, "commit": self.commit,
                "repo_type": "dataset" if self.is_dataset else facts.repo_type,
                "visibility": "private" if self.is_private else "public",
                **({} if self.is_dataset or not facts.tensors else scan_of(self.wire, self.address, self.commit)),
            }
        )  # fmt: skip

    def _fetched(self, path: str, low: int, high: int) -> bytes:
        held = bytearray(high - low)

        def write(place: int, piece: bytes) -> None:
            if place >= high:
                raise _Enough
            begin = max(place, low)
            kept = piece[begin - place : high - place]
            held[begin - low : begin - low + len(kept)] = kept

        with contextlib.suppress(_Enough):  # of a whole file that came instead
            self.part(path, low, high, write)
        return bytes(held)

    def _check(self, path: str, headers: httpx.Headers) -> None:
        etag, commit = headers.get("ETag", ""), headers.get("X-Repo-Commit", "")
        if commit and commit != self.commit:
            raise RemoteError(
                f"{self.address.host} answers with commit {commit[:12]} of {self.name}; {self.commit[:12]} was asked for."
            )
        if self._etags.setdefault(path, etag) != etag:
            message = f"{path} of {self.name} at {self.address.host} changed while it was read. Start again."
            raise RemoteError(message)


class _Enough(Exception):
    """All bytes that were wanted are there."""


def repo_open(address: Address, wire: Wire | None = None) -> RemoteRepo:
    """The repo that `address` means, at the commit that its revision stands for now.

    Raises:
        RemoteError: there is none, it may not be read, or what answers is no hub.
    """
    wire = wire or Wire(address)
    reference, api = address.reference, f"api/{address.type}s/{address.reference.repo}"
    info, _ = wire.json(f"{api}/revision/{quote(reference.revision, safe='')}")
    commit = info.get("sha") if isinstance(info, dict) else None
    if not isinstance(commit, str) or _HEX.fullmatch(commit) is None:
        raise RemoteError(f"{address.host} does not say which commit {reference} is.")
    files: dict[str, RemoteFile] = {}
    following = f"{api}/tree/{commit}?recursive=true"
    while following:
        page, following = wire.json(following)
        for entry in page if isinstance(page, list) else [None]:
            found = _file(entry)
            if entry is None or (found is None and entry.get("type") == "file") or len(files) > MAX_FILES:
                raise RemoteError(f"The list of files of {reference} at {address.host} cannot be read.")
            if found is not None:
                files[found.path] = found
    return RemoteRepo(wire, address, commit, bool(info.get("private")), files)


def _file(entry: Any) -> RemoteFile | None:
    if not isinstance(entry, dict) or entry.get("type") != "file":
        return None
    path, size, lfs = entry.get("path"), entry.get("size"), entry.get("lfs")
    # SECURITY: paths become files of this machine.
    is_safe = isinstance(path, str) and path and not path.startswith("/") and "\\" not in path and not any(
        part in ("", ".", "..") for part in path.split("/")
    )  # fmt: skip
    if not is_safe or not isinstance(size, int) or size < 0 or len(path.encode()) > 1024:
        return None
    sha256 = (lfs.get("oid") or lfs.get("sha256")) if isinstance(lfs, dict) else ""
    return RemoteFile(
        path, size, sha256 if isinstance(sha256, str) and len(sha256) == 64 and _HEX.fullmatch(sha256) else ""
    )

"""The lines of a commit: read one by one under caps, and turned into operations once each has proved that it may be one."""

import base64
import binascii
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, TypeAlias

from django.http import HttpRequest

from hub.accounts.models import User
from hub.blobs.services import blobs_put
from hub.catalog.doorway import refuse_on_errors
from hub.catalog.operations import AddFile, CopyFile, DeleteFile, DeleteFolder, Operation
from hub.catalog.selectors import blobs_usable_by
from hub.core.errors import Invalid, TooLarge
from hub.hfapi.bodies import content_length, text_field
from workers.contracts.findings import Finding
from workers.planning.refusals import content_finding, path_finding

# A line is held in memory: a regular file of 24 MiB in base64. Larger files go as LFS. More lines would keep a server process
# busy for minutes with one request; clients that write many files make several commits anyway.
LINE_BYTES, BODY_BYTES, LINES_MAX = 32 * 2**20, 512 * 2**20, 25_001
_FINDINGS_MAX, _TOGETHER, _TOGETHER_BYTES = 100, 128, 8 * 2**20


@dataclass(frozen=True)
class _LfsLine:
    path: str
    oid: str
    size: Any


@dataclass(frozen=True)
class _Content:
    path: str
    content: bytes


_Read: TypeAlias = Operation | _LfsLine | _Content


def lines_of(request: HttpRequest) -> Iterator[tuple[str, dict[str, Any]]]:
    """SECURITY: read line by line with caps; a body that ends early is refused, also when it ends between two lines."""
    length = content_length(request)
    if length > BODY_BYTES:
        raise TooLarge(
            f"The commit has {length} bytes; at most {BODY_BYTES} are taken in one. Send large files as LFS, or in several commits."
        )
    received = count = 0
    while received < length:
        line = request.readline(LINE_BYTES + 1)
        if not line:
            raise Invalid(f"{received} of {length} bytes of the commit came. Nothing of it was kept.")
        received += len(line)
        if len(line) > LINE_BYTES:
            raise TooLarge(f"A line is longer than {LINE_BYTES} bytes. Send files of this size as LFS.")
        count += 1
        if count > LINES_MAX:
            raise TooLarge(
                f"More than {LINES_MAX - 1} changes in one commit. Nothing of it was kept; send it as several commits."
            )
        if line.strip():
            yield _line(line, count)


def operations_of(lines: Iterable[tuple[str, dict[str, Any]]], user: User) -> list[Operation]:
    """Refused together, with everything that is wrong. After the first fault no more content is stored."""
    found: list[_Read] = []
    findings: list[Finding] = []
    waiting = _Waiting(user, found)
    for key, value in lines:
        path = text_field(value, "path", limit=4096)
        if key == "file":
            content = _content(path, value)
            faults = [path_finding(path), content_finding(path, content, len(content), content)]
            findings += [fault for fault in faults if fault is not None][: _FINDINGS_MAX - len(findings)]
            if not findings:
                waiting.add(path, content)
        else:
            found.append(_operation(key, path, value))
    blobs = blobs_usable_by(user, {line.oid for line in found if isinstance(line, _LfsLine)})
    for line in found:
        if isinstance(line, _LfsLine) and line.oid not in blobs and len(findings) < _FINDINGS_MAX:
            findings.append(_not_sent(line.path))
    refuse_on_errors(findings)
    waiting.store()
    operations = (_with_blob(line, blobs) if isinstance(line, _LfsLine) else line for line in found)
    return [operation for operation in operations if not isinstance(operation, _Content)]


class _Waiting:
    """Small files on their way into the store, some at a time: one by one, each would wait for the disk several times."""

    def __init__(self, user: User, found: list[_Read]) -> None:
        self._user, self._found = user, found
        self._places: list[int] = []
        self._bytes = 0

    def add(self, path: str, content: bytes) -> None:
        self._places.append(len(self._found))
        self._found.append(_Content(path, content))
        self._bytes += len(content)
        if len(self._places) >= _TOGETHER or self._bytes >= _TOGETHER_BYTES:
            self.store()

    def store(self) -> None:
        """Puts what was stored in the place of its content."""
        held = [one for place in self._places if isinstance(one := self._found[place], _Content)]
        blobs = blobs_put(contents=[one.content for one in held], user=self._user) if held else []
        for place, one, blob in zip(self._places, held, blobs, strict=True):
            self._found[place] = AddFile(one.path, blob, is_lfs=False)
        self._places, self._bytes = [], 0


def _line(line: bytes, number: int) -> tuple[str, dict[str, Any]]:
    try:
        document = json.loads(line)
    except (ValueError, RecursionError):
        raise Invalid(f"Line {number} of the commit is not JSON.") from None
    value = document.get("value") if isinstance(document, dict) else None
    if not isinstance(value, dict) or not isinstance(document.get("key"), str):
        raise Invalid(f"Line {number} of the commit is not a key with a value.")
    return document["key"], value


def _operation(key: str, path: str, value: dict[str, Any]) -> Operation | _LfsLine:
    if key == "lfsFile":
        if value.get("algo", "sha256") != "sha256":
            raise Invalid("LFS files are named by their sha256.")
        return _LfsLine(path, text_field(value, "oid", limit=64), value.get("size"))
    if key == "deletedFile":
        return DeleteFile(path)
    if key in ("deletedFolder", "deletedEntry"):
        return DeleteFolder(path)
    if key == "copyFile":
        return CopyFile(
            text_field(value, "srcPath", limit=4096), text_field(value, "srcRevision", default="main", limit=300), path
        )
    raise Invalid(f"{key[:40]!r} is nothing a commit can do.")


def _content(path: str, value: dict[str, Any]) -> bytes:
    content, encoding = value.get("content"), value.get("encoding", "utf-8")
    if not isinstance(content, str):
        raise Invalid(f"The content of {path[:200]!r} is missing.")
    if encoding not in ("base64", "utf-8"):
        raise Invalid(f"The content of {path[:200]!r} comes as {str(encoding)[:20]!r}. Send base64 or utf-8.")
    try:
        return base64.b64decode(content, validate=True) if encoding == "base64" else content.encode()
    except (binascii.Error, ValueError):
        raise Invalid(f"The content of {path[:200]!r} is not {encoding}.") from None


def _with_blob(line: _LfsLine, blobs: dict[str, Any]) -> AddFile:
    blob = blobs[line.oid]
    if line.size not in (None, blob.size_bytes):
        raise Invalid(f"{line.path[:200]!r} has {blob.size_bytes} bytes, not {str(line.size)[:40]}.")
    return AddFile(line.path, blob, is_lfs=True)


def _not_sent(path: str) -> Finding:
    """SECURITY: the same words for what nobody sent and for what somebody else did."""
    return Finding(
        code="blob_not_sent", severity="error", where=path,
        message=f"The content of {path[:200]!r} is not here, or you have not sent it.", consequence="Nothing of this commit was kept.",
    )  # fmt: skip

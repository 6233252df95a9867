"""`commit`: one JSON object a line, all of it or nothing."""

import base64
import binascii
import json
from collections.abc import Iterator
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse

from hub.accounts.models import User
from hub.blobs.services import blob_put
from hub.catalog.doorway import refuse_on_errors
from hub.catalog.operations import AddFile, CopyFile, DeleteFile, DeleteFolder, Operation
from hub.catalog.selectors import blob_usable_by
from hub.catalog.services import commit_create
from hub.core.errors import Invalid, Refused, TooLarge
from hub.hfapi.bodies import content_length, text_field
from hub.hfapi.endpoint import endpoint, repo_of, user_of
from hub.hfapi.views.uploads import branch_name, no_pull_request
from hub.hfapi.wire import repo_url
from workers.contracts.findings import Finding
from workers.planning.refusals import content_finding, path_finding

# A line is held in memory: a regular file of 24 MiB in base64. Larger files go as LFS.
LINE_BYTES, BODY_BYTES, LINES_MAX = 32 * 2**20, 512 * 2**20, 100_000


@endpoint("POST", scope="write")
def commit(request: HttpRequest, kind: str, ns: str, name: str, revision: str) -> HttpResponse:
    repo = repo_of(request, kind, ns, name, "write")
    no_pull_request(request)
    user = user_of(request)
    lines = _lines(request)
    key, header = next(lines, ("", {}))
    if key != "header":
        raise Invalid("The first line has to be the header.")
    operations = [_operation(key, value, user) for key, value in lines]
    made = commit_create(
        repo=repo, branch=branch_name(revision), user=user, operations=operations, title=text_field(header, "summary", limit=20_000),
        message=text_field(header, "description", default=""), parent=text_field(header, "parentCommit", default="", limit=40) or None,
    )  # fmt: skip
    return JsonResponse(
        {
            "success": True,
            "commitOid": made.oid,
            "commitUrl": f"{repo_url(repo, request)}/commit/{made.oid}",
            "hookOutput": "",
        }
    )


def _lines(request: HttpRequest) -> Iterator[tuple[str, dict[str, Any]]]:
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
            raise TooLarge(f"More than {LINES_MAX} lines in one commit.")
        if line.strip():
            yield _line(line, count)


def _line(line: bytes, number: int) -> tuple[str, dict[str, Any]]:
    try:
        document = json.loads(line)
    except (ValueError, RecursionError):
        raise Invalid(f"Line {number} of the commit is not JSON.") from None
    value = document.get("value") if isinstance(document, dict) else None
    if not isinstance(value, dict) or not isinstance(document.get("key"), str):
        raise Invalid(f"Line {number} of the commit is not a key with a value.")
    return document["key"], value


def _operation(key: str, value: dict[str, Any], user: User) -> Operation:
    path = text_field(value, "path", limit=4096)
    if key == "file":
        return _file(path, value, user)
    if key == "lfsFile":
        return _lfs_file(path, value, user)
    if key == "deletedFile":
        return DeleteFile(path)
    if key in ("deletedFolder", "deletedEntry"):
        return DeleteFolder(path)
    if key == "copyFile":
        return CopyFile(
            text_field(value, "srcPath", limit=4096), text_field(value, "srcRevision", default="main", limit=300), path
        )
    raise Invalid(f"{key[:40]!r} is nothing a commit can do.")


def _file(path: str, value: dict[str, Any], user: User) -> AddFile:
    content = value.get("content")
    encoding = value.get("encoding", "utf-8")
    if not isinstance(content, str):
        raise Invalid(f"The content of {path[:200]!r} is missing.")
    try:
        data = base64.b64decode(content, validate=True) if encoding == "base64" else content.encode()
    except (binascii.Error, ValueError):
        raise Invalid(f"The content of {path[:200]!r} is not {encoding[:20]!r}.") from None
    # refused before it is stored: nothing of it is kept
    refuse_on_errors(
        finding for finding in (path_finding(path), content_finding(path, data, len(data), data)) if finding is not None
    )
    return AddFile(path, blob_put(chunks=[data], user=user, size=len(data)), is_lfs=False)


def _lfs_file(path: str, value: dict[str, Any], user: User) -> AddFile:
    oid = text_field(value, "oid", limit=64)
    if value.get("algo", "sha256") != "sha256":
        raise Invalid("LFS files are named by their sha256.")
    blob = blob_usable_by(user, oid)
    if blob is None:
        finding = Finding(
            code="blob_not_sent", severity="error", where=path,
            message=f"The content of {path[:200]!r} is not here, or you have not sent it.", consequence="Nothing of this commit was kept.",
        )  # fmt: skip
        raise Refused(finding.message, findings=[finding])
    if value.get("size") not in (None, blob.size_bytes):
        raise Invalid(f"{path[:200]!r} has {blob.size_bytes} bytes, not {value['size']}.")
    return AddFile(path, blob, is_lfs=True)

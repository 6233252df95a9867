"""`preupload`: which files go as LFS, which are ignored, and what is there already."""

import base64
import binascii
from fnmatch import fnmatchcase
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse

from hub.blobs.models import Blob
from hub.blobs.services import blob_bytes
from hub.catalog.attributes import ATTRIBUTES_FILE, is_lfs_path, lfs_patterns
from hub.catalog.doorway import refuse_on_errors
from hub.catalog.models import Commit
from hub.catalog.quotas import quota_check
from hub.catalog.selectors import branch_get, entries_get, entry_get
from hub.core.errors import Invalid
from hub.hfapi.bodies import flag, json_body, text_field
from hub.hfapi.endpoint import endpoint, repo_of
from hub.hfapi.errors import NotOffered
from workers.planning.refusals import path_finding

# A file above this goes as LFS: regular files travel in base64 inside one request.
REGULAR_BYTES = 5 * 2**20
FILES_MAX, PATTERN_FILE_BYTES = 256, 2**20


@endpoint("POST", scope="write")
def preupload(request: HttpRequest, kind: str, ns: str, name: str, revision: str) -> HttpResponse:
    repo = repo_of(request, kind, ns, name, "write")
    no_pull_request(request)
    commit = branch_get(repo, branch_name(revision)).commit
    document = json_body(request)
    files = document.get("files")
    if not isinstance(files, list) or len(files) > FILES_MAX or not all(isinstance(file, dict) for file in files):
        raise Invalid(f"files is not a list of at most {FILES_MAX} files.")
    paths = [text_field(file, "path", limit=4096) for file in files]
    # said here, before gigabytes travel for a name that is refused at the end
    refuse_on_errors(finding for path in paths if (finding := path_finding(path)) is not None)
    quota_check(namespace=repo.namespace, size=_new_bytes(files))
    present = {entry.path: entry for entry in entries_get(commit, paths) if not entry.is_folder}
    patterns = lfs_patterns(_text_at(commit, ATTRIBUTES_FILE))
    ignored = _ignore_patterns(document.get("gitIgnore"), commit)
    answer = []
    for path, file in zip(paths, files, strict=True):
        entry = present.get(path)
        oid = None if entry is None else entry.sha256 if entry.is_lfs else entry.oid
        answer.append(
            {
                "path": path, "uploadMode": _mode(path, file, patterns), "shouldIgnore": _is_ignored(path, ignored), "oid": oid,
            }
        )  # fmt: skip
    return JsonResponse({"files": answer, "commitOid": commit.oid})


def _new_bytes(files: list[dict[str, Any]]) -> int:
    """What large files bring at most; small ones come inside the commit and are counted there."""
    sizes = [file.get("size") for file in files]
    return sum(size for size in sizes if isinstance(size, int) and size > REGULAR_BYTES)


def no_pull_request(request: HttpRequest) -> None:
    """Never quietly onto the branch itself."""
    if flag(request.GET.get("create_pr", "")):
        raise NotOffered("This hub has no pull requests. Create a branch, and commit to it.")


def branch_name(revision: str) -> str:
    return revision.removeprefix("refs/heads/")


def _mode(path: str, file: dict[str, Any], patterns: tuple[str, ...]) -> str:
    size = file.get("size")
    if not isinstance(size, int) or size < 0:
        raise Invalid("size is not a number of bytes.")
    if size == 0:
        return "regular"  # clients send an empty file so, whatever is answered
    try:
        sample = base64.b64decode(text_field(file, "sample", default=""), validate=True)
    except (binascii.Error, ValueError):
        raise Invalid("sample is not base64.") from None
    return "lfs" if is_lfs_path(path, patterns) or size > REGULAR_BYTES or b"\0" in sample else "regular"


def _text_at(commit: Commit, path: str) -> str:
    entry = entry_get(commit, path)
    if entry is None or entry.is_folder or entry.is_lfs or entry.size_bytes > PATTERN_FILE_BYTES:
        return ""
    return blob_bytes(blob=Blob(sha256=entry.sha256)).decode(errors="replace")


def _ignore_patterns(given: Any, commit: Commit) -> list[str]:
    text = given if isinstance(given, str) else _text_at(commit, ".gitignore")
    return [line.strip() for line in text.splitlines()[:1000] if line.strip() and not line.lstrip().startswith("#")]


def _is_ignored(path: str, patterns: list[str]) -> bool:
    """The later of two patterns that fit decides, as git has it; `!` takes a file back in."""
    result = False
    for pattern in patterns:
        wanted = not pattern.startswith("!")
        if _fits(path, pattern.removeprefix("!")):
            result = wanted
    return result


def _fits(path: str, pattern: str) -> bool:
    parts = path.split("/")
    candidates = ["/".join(parts[:count]) for count in range(1, len(parts) + 1)]
    if pattern.endswith("/"):
        candidates, pattern = candidates[:-1], pattern.rstrip("/")
    if "/" in pattern:
        return any(fnmatchcase(candidate, pattern.lstrip("/")) for candidate in candidates)
    return any(fnmatchcase(candidate.rpartition("/")[2], pattern) for candidate in candidates)

"""`resolve` and `raw`: a file of a repo at a revision."""

from django.http import HttpRequest
from django.http.response import HttpResponseBase

from hub.blobs.models import Blob
from hub.catalog.errors import EntryMissing
from hub.catalog.gates import gate_check
from hub.catalog.git_ids import pointer_text
from hub.catalog.models import Commit, Repo
from hub.catalog.selectors import Entry, entry_get
from hub.hfapi.counting import download_count
from hub.hfapi.endpoint import asker_of, endpoint, repo_of
from hub.hfapi.routing import commit_and_path
from hub.hfapi.serving import blob_response, bytes_response

YEAR_S = 365 * 24 * 3600


@endpoint("GET", "HEAD", limited="anonymous")
def resolve(request: HttpRequest, ns: str, name: str, rest: str, kind: str = "models") -> HttpResponseBase:
    repo, commit, revision, entry = _find(request, kind, ns, name, rest)
    blob = Blob(sha256=entry.sha256, size_bytes=entry.size_bytes)
    response = blob_response(request, blob, name=entry.path, etag=entry.sha256 if entry.is_lfs else entry.oid)
    if entry.is_lfs:
        response["X-Linked-Etag"] = f'"{entry.sha256}"'
        response["X-Linked-Size"] = str(entry.size_bytes)
    _remember(response, repo, commit, revision)
    download_count(request, repo, entry.path)
    return response


@endpoint("GET", "HEAD", limited="anonymous")
def raw(request: HttpRequest, ns: str, name: str, rest: str, kind: str = "models") -> HttpResponseBase:
    """What git holds: for an LFS file the text of its pointer."""
    repo, commit, revision, entry = _find(request, kind, ns, name, rest)
    if entry.is_lfs:
        response = bytes_response(pointer_text(entry.sha256, entry.size_bytes), name="pointer.txt")
    else:
        response = blob_response(
            request, Blob(sha256=entry.sha256, size_bytes=entry.size_bytes), name=entry.path, etag=entry.oid
        )
    _remember(response, repo, commit, revision)
    return response


def _find(request: HttpRequest, kind: str, ns: str, name: str, rest: str) -> tuple[Repo, Commit, str, Entry]:
    repo = repo_of(request, kind, ns, name)
    gate_check(user=asker_of(request), repo=repo)
    commit, revision, path = commit_and_path(request, repo, rest)
    entry = entry_get(commit, path) if path else None
    if entry is None or entry.is_folder:
        raise EntryMissing(f"There is no file {path[:200]!r} at {revision[:100]!r}.", commit.oid)
    return repo, commit, revision, entry


def _remember(response: HttpResponseBase, repo: Repo, commit: Commit, revision: str) -> None:
    """What a full hash names never changes; a branch may move at any time."""
    response["X-Repo-Commit"] = commit.oid
    if response.status_code == 302:
        return  # on to the store: the address is good for hours, and is not for everybody
    who = "public" if repo.visibility == "public" else "private"
    response["Cache-Control"] = f"{who}, max-age={YEAR_S}, immutable" if revision == commit.oid else "no-cache"
    if who == "private":
        response["Vary"] = "Authorization, Cookie"

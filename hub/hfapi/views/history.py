"""Making history shorter and lighter: squash a branch, list large files, take them out for good."""

from django.http import HttpRequest, HttpResponse, JsonResponse

from hub.catalog.purge import LfsFile, files_purge, lfs_files_of
from hub.catalog.selectors import blob_usable_by, repo_get
from hub.catalog.squash import history_squash
from hub.core.errors import Invalid
from hub.hfapi.bodies import json_body, text_field
from hub.hfapi.endpoint import TYPES, endpoint, repo_of, user_of
from hub.hfapi.pages import page_of
from hub.hfapi.wire import date_text

FILES_MAX = 1000


@endpoint("POST", scope="write")
def squash(request: HttpRequest, kind: str, ns: str, name: str, branch: str) -> HttpResponse:
    repo = repo_of(request, kind, ns, name, "write")
    message = text_field(json_body(request), "message", default="")
    commit = history_squash(
        user=user_of(request), repo=repo, branch=branch.removeprefix("refs/heads/"), message=message
    )
    return JsonResponse({"success": True, "commitOid": commit.oid})


@endpoint("GET")
def lfs_files(request: HttpRequest, kind: str, ns: str, name: str) -> HttpResponse:
    return page_of(request, lfs_files_of(repo_of(request, kind, ns, name, "write")), _row)


@endpoint("POST", scope="write")
def lfs_files_delete(request: HttpRequest, kind: str, ns: str, name: str) -> HttpResponse:
    repo = repo_of(request, kind, ns, name, "admin")
    given = json_body(request).get("deletions")
    deletions = given if isinstance(given, dict) else {}
    shas = deletions.get("sha")
    if not isinstance(shas, list) or len(shas) > FILES_MAX or not all(isinstance(sha, str) for sha in shas):
        raise Invalid(f"deletions.sha is not a list of at most {FILES_MAX} hashes.")
    if deletions.get("rewriteHistory") is False:
        raise Invalid("Files go together with the places that name them: send rewriteHistory as true.")
    changed = files_purge(user=user_of(request), repo=repo, sha256s=shas)
    return JsonResponse({"success": True, "commits": changed})


@endpoint("POST", scope="write")
def lfs_files_duplicate(request: HttpRequest, kind: str, ns: str, name: str) -> HttpResponse:
    """Nothing moves: blobs are shared by content. What the asker may read here they may name in a commit there."""
    user, document = user_of(request), json_body(request)
    repo_of(request, kind, ns, name)
    target = document.get("target")
    if not isinstance(target, dict):
        raise Invalid("target is missing.")
    type_ = text_field(target, "type", default="model", limit=20)
    if type_ not in TYPES.values():
        raise Invalid(f"{type_!r} is not a type of repo. Choose model or dataset.")
    repo_get(user=user, full_name=text_field(target, "name", limit=200), type=type_, action="write")
    files = document.get("files")
    if not isinstance(files, list) or len(files) > FILES_MAX or not all(isinstance(file, dict) for file in files):
        raise Invalid(f"files is not a list of at most {FILES_MAX} files.")
    shas = [text_field(file, "sha256", limit=64) for file in files]
    failed = [
        {"sha256": sha, "error": "There is no such file, or you may not read it."} for sha in shas if blob_usable_by(user, sha) is None
    ]  # fmt: skip
    return JsonResponse({"failed": failed})


def _row(file: LfsFile) -> dict[str, object]:
    return {
        "fileOid": file.sha256, "oid": file.oid, "filename": file.path, "size": file.size_bytes, "pushedAt": date_text(file.pushed_at),
        "ref": file.commit,
    }  # fmt: skip

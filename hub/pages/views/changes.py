"""Changing files from their page: edit a text, rename, delete, and the check before an upload. Each deed is one commit."""

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from hub.blobs.models import Blob
from hub.blobs.services import blob_bytes, blob_put
from hub.catalog.attributes import is_lfs_path
from hub.catalog.entries import Entry
from hub.catalog.errors import EntryMissing
from hub.catalog.gates import gate_check
from hub.catalog.operations import AddFile, CopyFile, DeleteFile, DeleteFolder, Operation
from hub.catalog.selectors import branch_get, entries_of, entry_get
from hub.catalog.services import commit_create
from hub.core.errors import ApplicationError, Invalid
from hub.pages.entry import Opened, address, repo_for
from hub.pages.upload_check import announced_read, as_json, upload_findings
from hub.pages.views.files import crumbs_of, file_open, is_branch
from hub.pages.views.repo import entry_context
from workers.planning.refusals import path_finding

EDIT_BYTES = 256 * 1024


@require_POST
def upload_check(
    request: HttpRequest, namespace: str, name: str, branch: str, repo_type: str = "model"
) -> HttpResponse:
    try:
        repo = repo_for(request, namespace, name, repo_type, "write")
        findings = upload_findings(repo, branch_get(repo, branch).commit, announced_read(request.body))
    except ApplicationError as error:
        return JsonResponse({"error": error.message}, status=error.status)
    return JsonResponse(as_json(findings))


def _opened(request: HttpRequest, namespace: str, name: str, rest: str, repo_type: str) -> tuple[Opened, str]:
    opened, path = file_open(request, namespace, name, rest, repo_type, "write")
    gate_check(user=request.user, repo=opened.repo)
    if not is_branch(opened):
        raise Invalid(f"{opened.revision!r} is not a branch. Only the head of a branch can be changed.")
    return opened, path


def _entry(opened: Opened, path: str) -> Entry:
    entry = entry_get(opened.commit, path) if path else None
    if entry is None:
        raise EntryMissing(f"There is no file {path[:200]!r} here.", opened.commit.oid)
    return entry


def _commit(request: HttpRequest, opened: Opened, operations: list[Operation], title: str) -> None:
    """`parent` is what the form was drawn from: who committed meanwhile is not overwritten."""
    commit_create(
        repo=opened.repo, branch=opened.revision, user=request.user, operations=operations,
        title=request.POST.get("message", "").strip() or title, parent=request.POST.get("parent") or opened.commit.oid,
    )  # fmt: skip


@require_http_methods(["GET", "POST"])
def edit(request: HttpRequest, namespace: str, name: str, rest: str, repo_type: str = "model") -> HttpResponse:
    """A path that is not there yet is a new file; `?name=` of the form says what it is called."""
    opened, path = _opened(request, namespace, name, rest, repo_type)
    entry = entry_get(opened.commit, path) if path else None
    is_new = entry is None or entry.is_folder
    text = "" if entry is None or is_new else _text(entry)
    context = entry_context(request, opened, "files")
    context |= {
        "is_new": is_new,
        "crumbs": crumbs_of(opened, path),
        "text": text,
        "folder": path,
        "parent": opened.commit.oid,
    }
    if request.method == "GET":
        return render(request, "catalog/edit.html", context | {"path": "" if is_new else path})
    given = request.POST.get("text", "").replace("\r\n", "\n")
    wanted = _wanted(request, path if is_new else "") if is_new else path
    try:
        _save(request, opened, wanted, given, entry if not is_new else None)
    except ApplicationError as error:
        context |= {
            "path": wanted, "text": given, "error": error, "message": request.POST.get("message", ""), "parent": request.POST.get("parent", ""),
        }  # fmt: skip
        return render(request, "catalog/edit.html", context, status=error.status)
    return redirect(address(opened.repo, "blob", f"{opened.revision}/{wanted}"))


def _wanted(request: HttpRequest, folder: str) -> str:
    name = request.POST.get("path", "").strip()
    return f"{folder}/{name}" if folder and name else name


def _text(entry: Entry) -> str:
    """Strictly: a byte that is not UTF-8 would be lost by saving."""
    refusal = Invalid("This file is not text, or longer than 256 kB. Change it on your computer and upload it.")
    if entry.size_bytes > EDIT_BYTES:
        raise refusal
    try:
        text = (
            blob_bytes(blob=Blob(sha256=entry.sha256, size_bytes=entry.size_bytes)).decode() if entry.size_bytes else ""
        )
    except UnicodeDecodeError:
        raise refusal from None
    if "\0" in text:
        raise refusal
    return text


def _save(request: HttpRequest, opened: Opened, path: str, text: str, entry: Entry | None) -> None:
    if not path:
        raise Invalid("Give the file a name.")
    finding = path_finding(path)
    if finding is not None:
        raise Invalid(finding.message)
    if entry is None and entry_get(opened.commit, path) is not None:
        raise Invalid(f"{path!r} is there already. Open it and edit it, or take another name.")
    if entry is None and is_lfs_path(path, _SUFFIX_PATTERNS):
        raise Invalid(f"{path!r} ends like a file of weights. Upload it instead of writing it.")
    data = text.encode()
    if len(data) > EDIT_BYTES:
        raise Invalid(
            f"The text has {len(data)} bytes; at most {EDIT_BYTES} are edited in the page. Upload it instead."
        )
    blob = blob_put(chunks=[data], user=request.user, size=len(data))
    operation = AddFile(path, blob, is_lfs=entry is not None and entry.is_lfs)
    _commit(request, opened, [operation], f"{'Add' if entry is None else 'Change'} {path}")


_SUFFIX_PATTERNS = ("*.safetensors", "*.parquet", "*.onnx", "*.gguf", "*.zip", "*.gz", "*.npy")


@require_http_methods(["GET", "POST"])
def rename(request: HttpRequest, namespace: str, name: str, rest: str, repo_type: str = "model") -> HttpResponse:
    opened, path = _opened(request, namespace, name, rest, repo_type)
    entry = _entry(opened, path)
    wanted = request.POST.get("path", path).strip()
    context = entry_context(request, opened, "files")
    context |= {
        "entry": entry,
        "path": path,
        "wanted": wanted,
        "crumbs": crumbs_of(opened, path),
        "parent": opened.commit.oid,
    }
    if request.method == "GET":
        return render(request, "catalog/rename.html", context)
    try:
        _commit(request, opened, _moves(opened, entry, wanted), f"Rename {path} to {wanted}")
    except ApplicationError as error:
        return render(request, "catalog/rename.html", context | {"error": error}, status=error.status)
    return redirect(address(opened.repo, "tree" if entry.is_folder else "blob", f"{opened.revision}/{wanted}"))


def _moves(opened: Opened, entry: Entry, wanted: str) -> list[Operation]:
    """As a copy and a delete: the bytes stay where they are."""
    if not wanted or wanted == entry.path:
        raise Invalid("Give it a name that differs from the present one.")
    if entry_get(opened.commit, wanted) is not None:
        raise Invalid(f"{wanted!r} is there already. Delete that first, or take another name.")
    if not entry.is_folder:
        return [CopyFile(entry.path, opened.commit.oid, wanted), DeleteFile(entry.path)]
    if wanted.startswith(f"{entry.path}/"):
        raise Invalid("A folder cannot be moved into itself.")
    inside = [row for row in entries_of(opened.commit, entry.path, with_last_commit=False) if not row.is_folder]
    copies = [CopyFile(row.path, opened.commit.oid, wanted + row.path[len(entry.path) :]) for row in inside]
    return [*copies, DeleteFolder(entry.path)]


@require_http_methods(["GET", "POST"])
def delete(request: HttpRequest, namespace: str, name: str, rest: str, repo_type: str = "model") -> HttpResponse:
    opened, path = _opened(request, namespace, name, rest, repo_type)
    entry = _entry(opened, path)
    context = entry_context(request, opened, "files")
    context |= {"entry": entry, "path": path, "crumbs": crumbs_of(opened, path), "parent": opened.commit.oid}
    if request.method == "GET":
        return render(request, "catalog/delete_file.html", context)
    operation = DeleteFolder(path) if entry.is_folder else DeleteFile(path)
    try:
        _commit(request, opened, [operation], f"Delete {path}")
    except ApplicationError as error:
        return render(request, "catalog/delete_file.html", context | {"error": error}, status=error.status)
    folder = path.rpartition("/")[0]
    still = folder and entry_get(branch_get(opened.repo, opened.revision).commit, folder) is not None
    return redirect(address(opened.repo, "tree", f"{opened.revision}/{folder}" if still else opened.revision))

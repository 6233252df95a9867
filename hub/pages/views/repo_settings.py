"""Settings of a repo: who sees it, its gate, its name, what it takes, its end."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from hub.accounts.selectors import namespaces_writable
from hub.catalog.differing import SUFFIX
from hub.catalog.gates import access_requests, gate_set
from hub.catalog.models import HeadEntry, Repo, Storing
from hub.catalog.purge import files_purge, lfs_files_of
from hub.catalog.services import repo_delete, repo_move, repo_update
from hub.catalog.stored import stored_of
from hub.catalog.storing import storing_ask
from hub.core.errors import ApplicationError, Invalid
from hub.pages.entry import address, entry_open, repo_for
from hub.pages.numbers import size, thousands
from hub.pages.views.repo import entry_context
from workers.planning.wording import counted

MOST_FILES = 100


def _page(
    request: HttpRequest, repo: Repo, *, error: ApplicationError | None = None, at: str = "", **more: Any
) -> HttpResponse:
    """`at` names the section whose deed was refused: the refusal stands there, with the form as it was."""
    opened = entry_open(request, repo.namespace.name, repo.name, type=repo.type)
    context = entry_context(request, opened, "settings")
    context |= {
        "visibilities": Repo.VISIBILITIES,
        "namespaces": namespaces_writable(request.user),
        "given": request.POST,
        "refused": {at: error},
        "label": _label(repo),
        "storage": _storage(repo, request.user),
        "terms": request.POST.get("terms", repo.gate_terms),
        "waiting": len(access_requests(user=request.user, repo=repo, state="pending")) if repo.gated else 0,
        **more,
    }
    return render(request, "catalog/settings.html", context, status=error.status if error else 200)


def _storage(repo: Repo, user: Any) -> dict[str, Any]:
    """Large files of all history, the largest first, with whether the head still has them and how they are kept."""
    files = lfs_files_of(repo)
    kept = stored_of(files, user)
    at_head = set(
        HeadEntry.objects.filter(ref__repo=repo, ref__kind="branch", is_lfs=True).values_list("blob_id", flat=True)
    )
    rows = [
        {"file": file, "stored": stored, "at_head": file.sha256 in at_head}
        for file, stored in zip(files[:MOST_FILES], kept, strict=False)
    ]
    return {
        "rows": rows, "count": len(files), "total": sum(file.size_bytes for file in files), "taken": sum(file.stored_bytes for file in kept),
        "deltas": sum(file.is_delta for file in kept), "weights": any(file.path.endswith(SUFFIX) for file in files),
        "wish": Storing.objects.filter(repo=repo).first(),
    }  # fmt: skip


def _label(repo: Repo) -> dict[str, Any]:
    rows = [
        ("Here since", f"{repo.created_at:%-d %b %Y}"),
        ("Made by", repo.created_by.username if repo.created_by else ""),
        ("Files at the head", size(repo.size_bytes)),
        ("Downloads", thousands(repo.downloads)),
        ("Likes", thousands(repo.likes)),
    ]
    mark = "dataset" if repo.type == "dataset" else repo.artifact
    return {"title": repo.name, "mark": mark, "rows": [(key, value) for key, value in rows if value]}


@require_safe
def page(request: HttpRequest, namespace: str, name: str, repo_type: str = "model") -> HttpResponse:
    return _page(request, repo_for(request, namespace, name, repo_type, "admin"))


@require_POST
def visibility(request: HttpRequest, namespace: str, name: str, repo_type: str = "model") -> HttpResponse:
    repo = repo_for(request, namespace, name, repo_type, "admin")
    try:
        repo_update(user=request.user, repo=repo, visibility=request.POST.get("visibility", ""))
    except ApplicationError as error:
        return _page(request, repo, error=error, at="visibility")
    messages.success(request, f"{repo.full_name} is {repo.visibility} now.")
    return redirect(address(repo, "settings"))


@require_POST
def gate(request: HttpRequest, namespace: str, name: str, repo_type: str = "model") -> HttpResponse:
    repo = repo_for(request, namespace, name, repo_type, "admin")
    try:
        gate_set(
            user=request.user,
            repo=repo,
            gated=request.POST.get("gated", ""),
            terms=request.POST.get("terms", "").strip(),
        )
    except ApplicationError as error:
        return _page(request, repo, error=error, at="gate")
    messages.success(request, f"{repo.full_name} is {'gated' if repo.gated else 'open'} now.")
    return redirect(f"{address(repo, 'settings')}#gate")


@require_POST
def move(request: HttpRequest, namespace: str, name: str, repo_type: str = "model") -> HttpResponse:
    repo = repo_for(request, namespace, name, repo_type, "admin")
    old = repo.full_name
    wanted = request.POST.get("namespace", "").strip(), request.POST.get("name", "").strip()
    try:
        repo = repo_move(user=request.user, repo=repo, namespace=wanted[0], name=wanted[1])
    except ApplicationError as error:
        return _page(request, repo_for(request, namespace, name, repo_type, "admin"), error=error, at="move")
    messages.success(request, f"{old} is {repo.full_name} now. The old name leads here until somebody takes it.")
    return redirect(address(repo, "settings"))


@require_POST
def purge(request: HttpRequest, namespace: str, name: str, repo_type: str = "model") -> HttpResponse:
    """Takes files out of every commit. Asked for by name, because it cannot be taken back."""
    repo = repo_for(request, namespace, name, repo_type, "admin")
    chosen = request.POST.getlist("sha256")
    try:
        if not chosen:
            raise Invalid("Choose at least one file.")
        if request.POST.get("confirm", "").strip() != repo.full_name:
            raise Invalid(f"Type {repo.full_name} to say that you mean this one.")
        count = files_purge(user=request.user, repo=repo, sha256s=chosen)
    except ApplicationError as error:
        return _page(request, repo, error=error, at="purge")
    messages.success(request, f"{counted(count, 'commit')} written anew. The bytes are freed by the next collection.")
    return redirect(f"{address(repo, 'settings')}#storage")


@require_POST
def storing(request: HttpRequest, namespace: str, name: str, repo_type: str = "model") -> HttpResponse:
    repo = repo_for(request, namespace, name, repo_type, "admin")
    try:
        storing_ask(user=request.user, repo=repo, form=request.POST.get("form", ""), base=request.POST.get("base", ""))
    except ApplicationError as error:
        return _page(request, repo, error=error, at="storing")
    return redirect(f"{address(repo, 'settings')}#storage")


@require_POST
def delete(request: HttpRequest, namespace: str, name: str, repo_type: str = "model") -> HttpResponse:
    repo = repo_for(request, namespace, name, repo_type, "admin")
    full_name = repo.full_name
    try:
        if request.POST.get("confirm", "").strip() != full_name:
            raise Invalid(f"Type {full_name} to say that you mean this one.")
        repo_delete(user=request.user, repo=repo)
    except ApplicationError as error:
        return _page(request, repo, error=error, at="delete")
    messages.success(request, f"{full_name} is gone.")
    return redirect("owner", namespace=full_name.partition("/")[0])

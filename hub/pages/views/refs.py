"""Branches and tags of a repo: the list, making and deleting them, and squashing the history of a branch."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from hub.catalog.models import Ref
from hub.catalog.selectors import branch_get, commits_of
from hub.catalog.services import branch_create, branch_delete, tag_create, tag_delete
from hub.catalog.squash import history_squash
from hub.core.errors import ApplicationError, Invalid
from hub.pages.entry import address, entry_open, repo_for
from hub.pages.views.repo import entry_context

MOST_REFS = 500


def _context(request: HttpRequest, namespace: str, name: str, repo_type: str) -> dict:
    opened = entry_open(request, namespace, name, type=repo_type)
    repo = opened.repo
    refs = Ref.objects.filter(repo=repo).select_related("commit").defer(
        "commit__facts", "commit__findings", "commit__manifest"
    )  # fmt: skip
    rows = sorted(refs.order_by("-updated_at")[:MOST_REFS], key=lambda ref: ref.name != repo.default_branch)
    return entry_context(request, opened, "branches") | {
        "heads": [_row(ref) for ref in rows if ref.kind == "branch"],
        "tags": [_row(ref) for ref in rows if ref.kind == "tag"],
        "is_cut": len(rows) == MOST_REFS,
        "commit_base": address(repo, "commit", "x")[:-1],
    }


def _row(ref: Ref) -> dict:
    return {"name": ref.name, "commit": ref.commit, "url": address(ref.repo, "tree", ref.name)}


@require_safe
def page(request: HttpRequest, namespace: str, name: str, repo_type: str = "model") -> HttpResponse:
    return render(request, "catalog/branches.html", _context(request, namespace, name, repo_type))


@require_POST
def create(request: HttpRequest, namespace: str, name: str, repo_type: str = "model") -> HttpResponse:
    repo = repo_for(request, namespace, name, repo_type, "write")
    kind, wanted, start = (request.POST.get(field, "").strip() for field in ("kind", "ref", "start"))
    try:
        if kind == "tag":
            tag_create(repo=repo, name=wanted, revision=start or repo.default_branch)
        else:
            branch_create(repo=repo, name=wanted, start=start or None)
    except ApplicationError as error:
        context = _context(request, namespace, name, repo_type) | {"error": error, "given": request.POST}
        return render(request, "catalog/branches.html", context, status=error.status)
    messages.success(request, f"The {'tag' if kind == 'tag' else 'branch'} {wanted} is there.")
    return redirect(address(repo, "branches"))


@require_POST
def delete(request: HttpRequest, namespace: str, name: str, repo_type: str = "model") -> HttpResponse:
    repo = repo_for(request, namespace, name, repo_type, "write")
    kind, wanted = request.POST.get("kind", ""), request.POST.get("ref", "")
    if kind == "tag":
        tag_delete(repo=repo, name=wanted)
    else:
        branch_delete(repo=repo, name=wanted)
    messages.success(request, f"The {'tag' if kind == 'tag' else 'branch'} {wanted} is gone.")
    return redirect(address(repo, "branches"))


@require_http_methods(["GET", "POST"])
def squash(request: HttpRequest, namespace: str, name: str, repo_type: str = "model") -> HttpResponse:
    """Asks for the branch's name before it drops what came before: that cannot be taken back."""
    repo = repo_for(request, namespace, name, repo_type, "write")
    opened = entry_open(request, namespace, name, type=repo_type)
    branch = request.POST.get("branch") or request.GET.get("branch") or repo.default_branch
    head = branch_get(repo, branch).commit
    head.repo = repo
    context = entry_context(request, opened, "branches")
    context |= {"branch": branch, "head": head, "commits": commits_of(head).count(), "given": request.POST}
    if request.method == "GET":
        return render(request, "catalog/squash.html", context)
    try:
        if request.POST.get("confirm", "").strip() != branch:
            raise Invalid(f"Type {branch} to say that you mean this branch.")
        message = request.POST.get("message", "").strip() or f"Squash the history of {branch}"
        history_squash(user=request.user, repo=repo, branch=branch, message=message)
    except ApplicationError as error:
        return render(request, "catalog/squash.html", context | {"error": error}, status=error.status)
    messages.success(request, f"{branch} is one commit now.")
    return redirect(f"{address(repo, 'commits')}?revision={branch}")

"""What happened to a repo: its commits, one commit, and two revisions beside each other."""

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from hub.catalog.changes import Change, changes_between
from hub.catalog.gates import gate_is_open
from hub.catalog.models import Commit, Repo
from hub.catalog.selectors import commit_resolve, commits_of, facts_of
from hub.pages.diffs.files import MOST_SHOWN, file_diffs
from hub.pages.entry import Opened, address, entry_open, repo_for
from hub.pages.views.files import branches_of
from hub.pages.views.repo import entry_context

COMMITS_SHOWN = 50
MOST_LISTED = 1000


@require_safe
def commits(request: HttpRequest, namespace: str, name: str, repo_type: str = "model") -> HttpResponse:
    opened = entry_open(request, namespace, name, type=repo_type)
    pages = Paginator(commits_of(opened.commit), COMMITS_SHOWN)
    base = address(opened.repo, "commits")
    context = entry_context(request, opened, "history") | {
        "page": pages.get_page(request.GET.get("page")),
        "branches": [(branch, f"{base}?revision={branch}") for branch in branches_of(opened)],
        "commit_base": address(opened.repo, "commit", "x")[:-1],
    }
    return render(request, "catalog/commits.html", context)


@require_safe
def commit(request: HttpRequest, namespace: str, name: str, oid: str, repo_type: str = "model") -> HttpResponse:
    repo = repo_for(request, namespace, name, repo_type)
    found = commit_resolve(repo, oid)
    opened = Opened(repo, found, found.oid, facts_of(found))
    parent = Commit.objects.defer("facts", "findings", "manifest").filter(pk=found.parent_id).first()
    context = entry_context(request, opened, "history") | {
        "parent": parent,
        "findings": found.findings[:20],
        "commit_base": address(repo, "commit", "x")[:-1],
        "tree_url": address(repo, "tree", found.oid),
        **_shown(request, repo, changes_between(parent, found)),
    }
    return render(request, "catalog/commit.html", context)


@require_safe
def compare(request: HttpRequest, namespace: str, name: str, repo_type: str = "model") -> HttpResponse:
    """`?base=` and `?head=`: what one has that the other has not, from tree to tree."""
    repo = repo_for(request, namespace, name, repo_type)
    base, head = request.GET.get("base") or repo.default_branch, request.GET.get("head") or repo.default_branch
    before, after = commit_resolve(repo, base), commit_resolve(repo, head)
    opened = Opened(repo, after, head, facts_of(after))
    context = entry_context(request, opened, "branches") | {
        "base": base,
        "head": head,
        "before": before,
        "after": after,
        "choices": branches_of(opened),
        "commit_base": address(repo, "commit", "x")[:-1],
        **_shown(request, repo, changes_between(before, after)),
    }
    return render(request, "catalog/compare.html", context)


def _shown(request: HttpRequest, repo: Repo, changes: list[Change]) -> dict:
    """SECURITY: lines and headers are content: behind a gate only names, sizes and hashes are told."""
    is_open = gate_is_open(user=request.user, repo=repo)
    counts = {
        kind: sum(change.kind == kind for change in changes) for kind in ("added", "changed", "removed", "renamed")
    }
    return {
        "diffs": file_diffs(changes) if is_open else [],
        "is_gated": not is_open,
        "others": changes[MOST_SHOWN if is_open else 0 :][:MOST_LISTED],
        "count": len(changes),
        "counts": [(number, kind) for kind, number in counts.items() if number],
    }

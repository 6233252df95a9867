"""Folders, single files and history of a repo."""

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from hub.catalog.errors import EntryMissing
from hub.catalog.selectors import commits_of, entries_of, entry_get, facts_of, repo_get
from hub.core.markdown import render as markdown
from hub.pages.cards import text_of
from hub.pages.entry import Opened, address, entry_open, revision_split
from hub.pages.views.repo import entry_context

SHOWN_BYTES = 256 * 1024
COMMITS_SHOWN = 50


def _opened(request: HttpRequest, namespace: str, name: str, rest: str, repo_type: str) -> tuple[Opened, str]:
    repo = repo_get(user=request.user, full_name=f"{namespace}/{name}", type=repo_type)
    commit, revision, path = revision_split(repo, rest)
    return Opened(repo, commit, revision, facts_of(commit)), path


def _crumbs(opened: Opened, path: str) -> list[tuple[str, str]]:
    parts = [part for part in path.split("/") if part]
    heads = [(opened.repo.name, address(opened.repo, "tree", opened.revision))]
    return heads + [
        (part, address(opened.repo, "tree", "/".join([opened.revision, *parts[: index + 1]])))
        for index, part in enumerate(parts)
    ]


def _tree(request: HttpRequest, namespace: str, name: str, rest: str, repo_type: str) -> HttpResponse:
    opened, path = _opened(request, namespace, name, rest, repo_type)
    entries = entries_of(opened.commit, path, recursive=False)
    rows = [
        {
            "entry": entry,
            "name": entry.path.rpartition("/")[2],
            "url": address(opened.repo, "tree" if entry.is_folder else "blob", f"{opened.revision}/{entry.path}"),
            "download": _download(opened, entry.path),
            "is_safe": entry.path.endswith(".safetensors"),
        }
        for entry in sorted(entries, key=lambda entry: (not entry.is_folder, entry.path))
    ]
    context = entry_context(request, opened, "files") | {
        "rows": rows,
        "crumbs": _crumbs(opened, path),
        "total": sum(entry.size_bytes for entry in entries),
    }
    return render(request, "catalog/tree.html", context)


def _download(opened: Opened, path: str) -> str:
    prefix = "/datasets" if opened.repo.type == "dataset" else ""
    return f"{prefix}/{opened.repo.full_name}/resolve/{opened.commit.oid}/{path}?download=true"


def _blob(request: HttpRequest, namespace: str, name: str, rest: str, repo_type: str) -> HttpResponse:
    opened, path = _opened(request, namespace, name, rest, repo_type)
    entry = entry_get(opened.commit, path) if path else None
    if entry is None or entry.is_folder:
        raise EntryMissing(f"There is no file {path[:200]!r} here.", opened.commit.oid)
    is_small = entry.size_bytes <= SHOWN_BYTES and not path.endswith((".safetensors", ".parquet"))
    text = text_of(entry, SHOWN_BYTES) if is_small else None
    is_markdown = text is not None and path.lower().endswith(".md")
    prefix = "datasets/" if repo_type == "dataset" else ""
    context = entry_context(request, opened, "files") | {
        "entry": entry,
        "text": text,
        "prose": markdown(text, repo=f"{prefix}{opened.repo.full_name}") if is_markdown and text else None,
        "crumbs": _crumbs(opened, path),
        "download": _download(opened, path),
        "tensors": [(key, fact) for key, fact in opened.facts.tensors.items() if fact.file == path][:200],
    }
    return render(request, "catalog/blob.html", context)


def _commits(request: HttpRequest, namespace: str, name: str, repo_type: str) -> HttpResponse:
    opened = entry_open(request, namespace, name, type=repo_type)
    pages = Paginator(commits_of(opened.commit), COMMITS_SHOWN)
    rows = pages.get_page(request.GET.get("page"))
    context = entry_context(request, opened, "history") | {
        "page": rows,
        "tree_base": address(opened.repo, "tree", "x")[:-1],
    }
    return render(request, "catalog/commits.html", context)


@require_safe
def tree(request: HttpRequest, namespace: str, name: str, rest: str) -> HttpResponse:
    return _tree(request, namespace, name, rest, "model")


@require_safe
def dataset_tree(request: HttpRequest, namespace: str, name: str, rest: str) -> HttpResponse:
    return _tree(request, namespace, name, rest, "dataset")


@require_safe
def blob(request: HttpRequest, namespace: str, name: str, rest: str) -> HttpResponse:
    return _blob(request, namespace, name, rest, "model")


@require_safe
def dataset_blob(request: HttpRequest, namespace: str, name: str, rest: str) -> HttpResponse:
    return _blob(request, namespace, name, rest, "dataset")


@require_safe
def commits(request: HttpRequest, namespace: str, name: str) -> HttpResponse:
    return _commits(request, namespace, name, "model")


@require_safe
def dataset_commits(request: HttpRequest, namespace: str, name: str) -> HttpResponse:
    return _commits(request, namespace, name, "dataset")

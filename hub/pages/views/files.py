"""Folders and single files of a repo, as they are."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from hub.catalog.errors import EntryMissing
from hub.catalog.models import Ref
from hub.catalog.selectors import entries_of, entry_get, facts_of
from hub.core.markdown import render as markdown
from hub.pages.cards import text_of
from hub.pages.entry import Opened, address, repo_for, revision_split
from hub.pages.gate import gated_page
from hub.pages.remote import remote_of
from hub.pages.views.repo import entry_context

SHOWN_BYTES = 256 * 1024
MOST_BRANCHES = 100


def file_open(
    request: HttpRequest, namespace: str, name: str, rest: str, repo_type: str, action: str = "read"
) -> tuple[Opened, str]:
    repo = repo_for(request, namespace, name, repo_type, action)
    commit, revision, path = revision_split(repo, rest)
    return Opened(repo, commit, revision, facts_of(commit)), path


def crumbs_of(opened: Opened, path: str) -> list[tuple[str, str]]:
    parts = [part for part in path.split("/") if part]
    heads = [(opened.repo.name, address(opened.repo, "tree", opened.revision))]
    return heads + [
        (part, address(opened.repo, "tree", "/".join([opened.revision, *parts[: index + 1]])))
        for index, part in enumerate(parts)
    ]


def download_of(opened: Opened, path: str) -> str:
    prefix = "/datasets" if opened.repo.type == "dataset" else ""
    return f"{prefix}/{opened.repo.full_name}/resolve/{opened.commit.oid}/{path}?download=true"


@require_safe
def tree(request: HttpRequest, namespace: str, name: str, rest: str, repo_type: str = "model") -> HttpResponse:
    opened, path = file_open(request, namespace, name, rest, repo_type)
    entries = entries_of(opened.commit, path, recursive=False)
    rows = [
        {
            "entry": entry,
            "name": entry.path.rpartition("/")[2],
            "url": address(opened.repo, "tree" if entry.is_folder else "blob", f"{opened.revision}/{entry.path}"),
            "download": download_of(opened, entry.path),
            "is_safe": entry.path.endswith(".safetensors"),
        }
        for entry in sorted(entries, key=lambda entry: (not entry.is_folder, entry.path))
    ]
    branches = branches_of(opened)
    context = entry_context(request, opened, "files")
    context |= {
        "rows": rows,
        "remote": None if path.strip("/") else remote_of(opened),
        "crumbs": crumbs_of(opened, path),
        "folder": path.strip("/"),
        "total": sum(entry.size_bytes for entry in entries),
        "branches": [(branch, address(opened.repo, "tree", branch)) for branch in branches],
        "is_branch": opened.revision in branches,
        "commit_base": address(opened.repo, "commit", "x")[:-1],
        "new_file": address(opened.repo, "edit", f"{opened.revision}/{path}".rstrip("/")),
        "deeds": deed_addresses(opened, path.strip("/")) if path.strip("/") else None,
        "upload": upload_addresses(opened) if context["may_write"] and opened.revision in branches else None,
    }
    return render(request, "catalog/tree.html", context)


def branches_of(opened: Opened) -> list[str]:
    """Names, the default branch first; the one that is shown is always among them if it is one."""
    rows = Ref.objects.filter(repo=opened.repo, kind="branch").order_by("name").values_list("name", flat=True)
    names = list(rows[:MOST_BRANCHES])
    if opened.revision not in names and rows.filter(name=opened.revision).exists():
        names.append(opened.revision)
    return sorted(names, key=lambda name: (name != opened.repo.default_branch, name))


def upload_addresses(opened: Opened) -> dict[str, str]:
    """What the page's script is told: the same addresses the HF clients use, relative to this hub."""
    repo = opened.repo
    prefix = "/datasets" if repo.type == "dataset" else ""
    return {
        "api": f"/api/{repo.type}s/{repo.full_name}",
        "git": f"{prefix}/{repo.full_name}.git",
        "check": address(repo, "upload-check", opened.revision),
        "tree": address(repo, "tree", "x")[:-2],
        "site": settings.SITE_URL,
    }


@require_safe
def blob(request: HttpRequest, namespace: str, name: str, rest: str, repo_type: str = "model") -> HttpResponse:
    opened, path = file_open(request, namespace, name, rest, repo_type)
    context = entry_context(request, opened, "files")
    if context["gate"]:
        return gated_page(request, context)
    entry = entry_get(opened.commit, path) if path else None
    if entry is None or entry.is_folder:
        raise EntryMissing(f"There is no file {path[:200]!r} here.", opened.commit.oid)
    is_small = entry.size_bytes <= SHOWN_BYTES and not path.endswith((".safetensors", ".parquet"))
    text = text_of(entry, SHOWN_BYTES) if is_small else None
    is_markdown = text is not None and path.lower().endswith(".md")
    prefix = "datasets/" if repo_type == "dataset" else ""
    context |= {
        "entry": entry,
        "text": text,
        "prose": markdown(text, repo=f"{prefix}{opened.repo.full_name}") if is_markdown and text else None,
        "crumbs": crumbs_of(opened, path),
        "download": download_of(opened, path),
        "tensors": [(key, fact) for key, fact in opened.facts.tensors.items() if fact.file == path][:200],
        "deeds": deed_addresses(opened, path) if context["may_write"] and is_branch(opened) else None,
    }
    return render(request, "catalog/blob.html", context)


def is_branch(opened: Opened) -> bool:
    return Ref.objects.filter(repo=opened.repo, kind="branch", name=opened.revision).exists()


def deed_addresses(opened: Opened, path: str) -> dict[str, str]:
    rest = f"{opened.revision}/{path}"
    return {name: address(opened.repo, name, rest) for name in ("edit", "rename", "delete")}

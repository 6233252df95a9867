"""Repos as JSON."""

from dataclasses import asdict
from typing import Any

from hub.catalog import selectors
from hub.catalog.models import Commit, Repo
from hub.catalog.search import Counted
from hub.catalog.selectors import Graph

_COLUMNS = (
    "type", "visibility", "artifact", "architecture", "task", "library", "licence", "languages", "tags", "bases", "parameters",
    "dtype", "size_bytes", "summary", "downloads", "likes", "created_at", "updated_at",
)  # fmt: skip


def repo_json(repo: Repo) -> dict[str, Any]:
    columns = {name: getattr(repo, name) for name in _COLUMNS}
    return {"id": repo.full_name, "commit": repo.head, **columns}


ROW_COLUMNS = ("full_name", "head", *_COLUMNS)


def row_json(row: dict[str, Any]) -> dict[str, Any]:
    """The same of a row with ROW_COLUMNS."""
    return {"id": row["full_name"], "commit": row["head"], **{name: row[name] for name in _COLUMNS}}


def counted_json(counted: Counted) -> dict[str, Any]:
    return {
        "count": counted.count,
        "count_is_capped": counted.count_is_capped,
        "facets": {facet["name"]: {"label": facet["label"], "values": facet["values"]} for facet in counted.facets},
    }


def repo_detail(repo: Repo, commit: Commit) -> dict[str, Any]:
    """What is true of the repo, and what its headers said at `commit`: the columns of the row describe the default branch only."""
    facts = selectors.facts_of(commit)
    body = repo_json(repo) | {
        name: getattr(facts, name)
        for name in ("artifact", "architecture", "task", "library", "licence", "parameters", "dtype")
    }
    files = [
        {"path": entry.path, "size_bytes": entry.size_bytes, "sha256": entry.sha256, "is_lfs": entry.is_lfs}
        for entry in selectors.entries_of(commit, with_last_commit=False)
        if not entry.is_folder
    ]
    return body | {
        "commit": commit.oid,
        "bases": list(facts.base),
        "size_bytes": sum(file["size_bytes"] for file in files),
        "default_branch": repo.default_branch,
        "files": files,
        "card": repo.card,
        "labels": list(facts.labels),
        "splits": facts.splits,
        "columns": facts.columns,
        "manifest": commit.manifest,
        "findings": commit.findings,
    }


def lineage_json(graph: Graph) -> dict[str, Any]:
    return {
        "nodes": [asdict(node) for node in graph.nodes],
        "edges": [asdict(edge) for edge in graph.edges],
        "is_cut": graph.is_cut,
    }

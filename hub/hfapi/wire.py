"""Rows in the form that the clients read."""

from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpRequest

from hub.catalog.git_ids import pointer_size
from hub.catalog.models import Commit, Repo
from hub.catalog.selectors import Entry

PREFIX = {"model": "", "dataset": "datasets/"}


def date_text(date: datetime) -> str:
    return date.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{date.microsecond // 1000:03d}Z"


def repo_url(repo: Repo, request: HttpRequest | None = None) -> str:
    """Absolute, on the configured address: a Host header can be forged."""
    return f"{site_for(request)}/{PREFIX[repo.type]}{repo.full_name}"


def site_for(request: HttpRequest | None) -> str:
    """The configured address. A hub of this machine has three names: a call by another of them is answered with that name,
    because clients read a repo's name out of an address only when it begins with the one they call."""
    site: str = settings.SITE_URL
    if request is not None and _is_loopback(site) and _is_loopback(asked := f"{request.scheme}://{request.get_host()}"):
        site = asked
    return site


def _is_loopback(url: str) -> bool:
    return urlsplit(url).hostname in ("127.0.0.1", "localhost", "::1")


def entry_json(entry: Entry, *, expand: bool = False) -> dict[str, Any]:
    if entry.is_folder:
        body: dict[str, Any] = {"type": "directory", "oid": entry.oid, "size": 0, "path": entry.path}
    else:
        body = {"type": "file", "oid": entry.oid, "size": entry.size_bytes, "path": entry.path}
    if entry.is_lfs:
        body["lfs"] = {
            "oid": entry.sha256,
            "size": entry.size_bytes,
            "pointerSize": pointer_size(entry.sha256, entry.size_bytes),
        }
    if expand and entry.last_commit is not None:
        last = entry.last_commit
        body["lastCommit"] = {"id": last.oid, "title": last.title, "date": date_text(last.date)}
    return body


def sibling_json(entry: Entry, *, blobs: bool) -> dict[str, Any]:
    if not blobs:
        return {"rfilename": entry.path}
    body: dict[str, Any] = {"rfilename": entry.path, "size": entry.size_bytes, "blobId": entry.oid}
    if entry.is_lfs:
        body["lfs"] = {
            "sha256": entry.sha256,
            "size": entry.size_bytes,
            "pointerSize": pointer_size(entry.sha256, entry.size_bytes),
        }
    return body


def commit_json(commit: Commit, *, formatted: bool) -> dict[str, Any]:
    body: dict[str, Any] = {
        "id": commit.oid, "title": commit.title, "message": commit.message, "date": date_text(commit.date),
        "authors": [{"user": commit.author_name, "avatar": ""}],
    }  # fmt: skip
    if formatted:
        body["formatted"] = {"title": commit.title, "message": commit.message}
    return body


def basics_json(repo: Repo) -> dict[str, Any]:
    """What a listing shows without being asked for more."""
    body: dict[str, Any] = {
        "_id": repo.pk.hex, "id": repo.full_name, "likes": repo.likes, "downloads": repo.downloads, "private": repo.visibility == "private",
        "tags": repo.tags, "createdAt": date_text(repo.created_at),
    }  # fmt: skip
    if repo.type == "model":
        body["modelId"] = repo.full_name
        body |= {key: value for key, value in (("pipeline_tag", repo.task), ("library_name", repo.library)) if value}
    return body


def full_json(repo: Repo, sha: str) -> dict[str, Any]:
    return {
        "author": repo.full_name.partition("/")[0], "sha": sha, "lastModified": date_text(repo.updated_at), "gated": repo.gated or False,
        "disabled": bool(repo.disabled_reason), "usedStorage": repo.size_bytes,
    }  # fmt: skip


def safetensors_json(facts: dict[str, Any]) -> dict[str, Any] | None:
    """Parameters by number format, from the stored facts as they are: no model of every tensor is built for it."""
    counts: dict[str, int] = {}
    for tensor in facts.get("tensors", {}).values():
        elements = 1
        for size in tensor["shape"]:
            elements *= size
        counts[tensor["dtype"]] = counts.get(tensor["dtype"], 0) + elements
    return {"parameters": counts, "total": sum(counts.values())} if counts else None


def config_json(facts: dict[str, Any]) -> dict[str, Any]:
    config = facts.get("config") or {}
    return {key: config[key] for key in ("architectures", "model_type") if key in config}

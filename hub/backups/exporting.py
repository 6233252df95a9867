"""The open export: plain folders and JSON that anybody reads without Genepool. For leaving, and for archives; a backup is another thing.

DIR/export.json                                    what is in here, and how to read it
DIR/model/alice/digits/repo.json                   one repo: who sees it, its branches and tags
DIR/model/alice/digits/<commit>/version.json       one version: its files with hashes, how it was made, of what
DIR/model/alice/digits/<commit>/files/…            the files, under their own names
"""

import hashlib
import json
import os
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import Any

from hub.backups.copying import Tell, quiet
from hub.backups.errors import BackupError
from hub.backups.folder import write_whole
from hub.blobs.drivers import Damaged, Driver, Missing
from hub.blobs.services import driver as hub_driver
from hub.catalog.models import Commit, LineageEdge, Ref, Repo
from hub.catalog.states import FileState
from hub.catalog.trees import state_read
from workers.contracts.version import VERSION

ABOUT = (
    "An export of a Genepool hub. Each repo has a folder <type>/<owner>/<name> with repo.json; each of its branches and tags leads to a "
    "version, a folder named by its commit, with version.json and the files under their own names. sha256 is the hash of a file's bytes."
)


@dataclass
class Exported:
    repos: int = 0
    versions: int = 0
    files: int = 0
    bytes: int = 0
    damaged: list[str] = field(default_factory=list)


def hub_export(*, root: Path, names: Iterable[str] = (), tell: Tell = quiet) -> Exported:
    """Every version that a branch or tag leads to, of all repos or of those named. What is there whole is not written again."""
    repos = list(_chosen(tuple(names)))
    root.mkdir(mode=0o700, parents=True, exist_ok=True)
    result, driver = Exported(), hub_driver()
    listed = []
    for number, repo in enumerate(repos):
        tell(number, len(repos), "repos", repo.full_name)
        listed.append({"repo": repo.full_name, "type": repo.type, "versions": _repo_write(root, repo, driver, result)})
        result.repos += 1
    about = {
        "schema": 1,
        "about": ABOUT,
        "made_by": f"Genepool {VERSION}",
        "made_at": _moment(datetime.now(UTC)),
        "repos": listed,
    }
    _write(root / "export.json", about)
    return result


def _chosen(names: tuple[str, ...]) -> Iterable[Repo]:
    repos = Repo.objects.select_related("namespace").order_by("type", "full_name")
    if not names:
        return repos
    found = repos.filter(full_name__in=names)
    missing = sorted(set(names) - {repo.full_name for repo in found})
    if missing:
        raise BackupError(f"There is no repo {', '.join(missing)} on this hub. Nothing was exported.")
    return found


def _repo_write(root: Path, repo: Repo, driver: Driver, result: Exported) -> list[str]:
    place = root / repo.type / repo.namespace.name / repo.name
    refs: dict[int, list[dict[str, str]]] = defaultdict(list)
    for ref in Ref.objects.filter(repo=repo).order_by("kind", "name"):
        refs[ref.commit_id].append({"kind": ref.kind, "name": ref.name})
    versions = []
    for commit in Commit.objects.filter(pk__in=refs).select_related("parent").order_by("date", "pk"):
        versions.append(commit.oid)
        state = state_read(commit.tree_id)
        for path, file in sorted(state.items()):
            _file_write(place / commit.oid / "files", path, file, driver, result)
        # After its files: a version with this page is a whole one.
        _write(place / commit.oid / "version.json", _version(repo, commit, refs[commit.pk], state))
        result.versions += 1
    _write(
        place / "repo.json",
        {
            "schema": 1, "repo": repo.full_name, "type": repo.type, "visibility": repo.visibility, "gated": repo.gated or None,
            "default_branch": repo.default_branch, "created_at": _moment(repo.created_at), "tags": repo.tags, "licence": repo.licence,
            "versions": versions,
        },
    )  # fmt: skip
    return versions


def _version(repo: Repo, commit: Commit, refs: list[dict[str, str]], state: dict[str, FileState]) -> dict[str, Any]:
    edges = LineageEdge.objects.filter(child=commit).order_by("position")
    return {
        "schema": 1, "repo": repo.full_name, "commit": commit.oid, "parent": commit.parent.oid if commit.parent else None, "refs": refs,
        "title": commit.title, "message": commit.message, "author": commit.author_name, "date": _moment(commit.date),
        "files": [
            {"path": path, "sha256": file.sha256, "size_bytes": file.size_bytes, "git_oid": file.oid, "is_lfs": file.is_lfs}
            for path, file in sorted(state.items())
        ],
        "manifest": commit.manifest, "facts": commit.facts, "findings": commit.findings,
        "parents": [
            {"repo": edge.parent_name, "commit": edge.parent_commit, "relation": edge.relation, "state": edge.state, "weight": edge.weight}
            for edge in edges
        ],
    }  # fmt: skip


def _file_write(folder: Path, path: str, file: FileState, driver: Driver, result: Exported) -> None:
    # SECURITY: names were looked at when they came in; a mistake there would write outside the folder here.
    parts = PurePosixPath(path).parts
    if not parts or PurePosixPath(path).is_absolute() or ".." in parts:
        raise BackupError(f"The path {path!r} leads out of its folder. Nothing more was exported.")
    target = folder.joinpath(*parts)
    if not (target.exists() and target.stat().st_size == file.size_bytes):
        target.parent.mkdir(parents=True, exist_ok=True)
        if not _copy(driver, file.sha256, target):
            result.damaged.append(f"{path} ({file.sha256})")
            return
    result.files += 1
    result.bytes += file.size_bytes


def _copy(driver: Driver, sha256: str, target: Path) -> bool:
    temporary = target.with_name(f".{target.name[:200]}.part")
    digest = hashlib.sha256()
    try:
        with temporary.open("wb") as out:
            for chunk in driver.open(sha256):
                digest.update(chunk)
                out.write(chunk)
        if digest.hexdigest() != sha256:
            return False
        os.replace(temporary, target)
    except (Missing, Damaged):
        return False
    finally:
        temporary.unlink(missing_ok=True)
    return True


def _write(path: Path, body: dict[str, Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path, json.dumps(body, indent=1, ensure_ascii=False) + "\n")


def _moment(at: datetime) -> str:
    return at.isoformat(timespec="seconds")

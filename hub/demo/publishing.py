"""Puts trained folders into the catalogue as ordinary repos. Publishing what is there already changes nothing."""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from hub.accounts.models import Namespace, User
from hub.accounts.services import organisation_create
from hub.blobs.services import blob_put, blob_put_file
from hub.catalog.models import Commit, Repo
from hub.catalog.operations import AddFile
from hub.catalog.selectors import commit_resolve, repo_get
from hub.catalog.services import branch_create, commit_create, repo_create
from hub.core.errors import NotFound
from workers.contracts.manifests import MANIFEST_FILE, Manifest, Parent

ADAPTER_FILE = "adapter_config.json"
# What git keeps as text; all else is a large file there.
TEXT_ENDINGS = (".json", ".md", ".yaml", ".txt")


def namespace_ensure(name: str, owner: User) -> Namespace:
    return Namespace.objects.filter(name=name).first() or organisation_create(name=name, owner=owner)


def repo_ensure(*, user: User, full_name: str, type: str = "model") -> Repo:
    """Made public: the demo is there to be seen."""
    try:
        return repo_get(user=user, full_name=full_name, type=type, action="write")
    except NotFound:
        namespace, _, name = full_name.partition("/")
        return repo_create(user=user, type=type, namespace=namespace, name=name, visibility="public")


def branch_ensure(repo: Repo, name: str, start: Commit | None = None) -> None:
    try:
        commit_resolve(repo, name)
    except NotFound:
        branch_create(repo=repo, name=name, start=start)


def folder_publish(
    *, user: User, repo: Repo, branch: str, folder: Path, title: str, lineage: Iterable[Parent] = ()
) -> Commit:
    """Commits every file of `folder`. Its manifest gets the parents' commits, which nobody knew when it was written;
    an adapter that of its base.
    """
    parents, operations, manifest = tuple(lineage), [], None
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        name = path.relative_to(folder).as_posix()
        if name == MANIFEST_FILE:
            manifest = Manifest.model_validate_json(path.read_text(encoding="utf-8")).model_copy(
                update={"parents": parents}
            )
            operations.append(text_file(user, name, json_text(manifest.model_dump(mode="json", by_alias=True))))
        elif name == ADAPTER_FILE:
            operations.append(text_file(user, name, _adapter_config(path, parents)))
        else:
            operations.append(
                AddFile(name, blob_put_file(path=path, user=user), is_lfs=not name.endswith(TEXT_ENDINGS))
            )
    return commit_create(
        repo=repo, branch=branch, user=user, operations=operations, title=title, manifest=manifest, lineage=parents
    )  # fmt: skip


def _adapter_config(path: Path, parents: Iterable[Parent]) -> str:
    """With the base's commit: of a base that has several branches, an adapter fits one."""
    config = json.loads(path.read_text(encoding="utf-8"))
    commit = next((parent.commit for parent in parents if parent.relation == "adapter_of"), None)
    return json_text(config | {"revision": commit})


def text_file(user: User, name: str, text: str) -> AddFile:
    content = text.encode()
    return AddFile(name, blob_put(chunks=[content], user=user, size=len(content)), is_lfs=False)


def json_text(document: Mapping[str, Any] | list[Any]) -> str:
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"

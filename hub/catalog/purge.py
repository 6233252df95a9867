"""Taking large files out of a repo and out of its history, so that their bytes can be collected.

Every commit from the first that held one is written again, with new ids, as git's own filters do; branches and tags follow.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from django.db import connection, transaction
from psycopg import sql

from hub.accounts.audit import audit
from hub.accounts.models import User
from hub.blobs.drivers.base import SHA256
from hub.catalog.derived import derived_update
from hub.catalog.extraction import extract
from hub.catalog.git_ids import commit_oid
from hub.catalog.heads import head_fill
from hub.catalog.json_safe import json_safe
from hub.catalog.models import Commit, HeadEntry, LineageEdge, Ref, Repo
from hub.catalog.reachable import live_commits
from hub.catalog.shield import collection_keep_out
from hub.catalog.states import State
from hub.catalog.trees import state_read, tree_write
from hub.core.errors import Conflict, Forbidden, Invalid

COMMITS_MAX = 2000
# From the roots of the commits that refs lead to: every LFS file under the first name it has, with the commit that brought it.
_LFS_FILES = sql.SQL("""
WITH RECURSIVE living(id) AS ({live}), walk(root, tree, prefix) AS (
    SELECT DISTINCT tree_id, tree_id, ''::text FROM catalog_commit WHERE repo_id = %(repo)s AND id IN (SELECT id FROM living)
    UNION
    SELECT walk.root, entry.subtree_id, walk.prefix || entry.name || '/'
    FROM walk JOIN catalog_treeentry entry ON entry.tree_id = walk.tree WHERE entry.subtree_id IS NOT NULL
)
SELECT DISTINCT ON (entry.blob_id) entry.blob_id, entry.oid, walk.prefix || entry.name, blob.size_bytes, made.date, made.oid
FROM walk
JOIN catalog_treeentry entry ON entry.tree_id = walk.tree AND entry.is_lfs
JOIN blobs_blob blob ON blob.sha256 = entry.blob_id
JOIN catalog_commit made ON made.repo_id = %(repo)s AND made.tree_id = walk.root AND made.id IN (SELECT id FROM living)
ORDER BY entry.blob_id, made.date, made.id, walk.prefix || entry.name
""")


@dataclass(frozen=True)
class LfsFile:
    sha256: str
    oid: str
    path: str
    size_bytes: int
    pushed_at: datetime
    commit: str


def lfs_files_of(repo: Repo) -> list[LfsFile]:
    """Every LFS file of the repo's history, largest first."""
    with connection.cursor() as cursor:
        cursor.execute(_LFS_FILES.format(live=live_commits((), [repo.pk])), {"repo": repo.pk})
        return sorted((LfsFile(*row) for row in cursor.fetchall()), key=lambda file: (-file.size_bytes, file.path))


@transaction.atomic
def files_purge(*, user: User, repo: Repo, sha256s: Collection[str]) -> int:
    """Writes the history again without these files; gives the number of commits that changed."""
    wanted = frozenset(sha256s)
    if not wanted or not all(SHA256.fullmatch(sha256) for sha256 in wanted):
        raise Invalid("Name the files by the 64 hex digits of their sha256.")
    if not Repo.objects.visible_to(user, "admin").filter(pk=repo.pk).exists():
        raise Forbidden(f"You may not change or delete {repo.full_name}.")
    collection_keep_out()
    # commits wait here until the history is written again
    refs = list(Ref.objects.select_for_update().filter(repo=repo).order_by("pk"))
    commits = list(Commit.objects.filter(repo=repo).order_by("pk"))
    if len(commits) > COMMITS_MAX:
        raise Conflict(
            f"{repo.full_name} has {len(commits)} commits; at most {COMMITS_MAX} are written again. Squash a branch first."
        )
    replaced = _rewrite(repo, commits, wanted)
    if not replaced:
        return 0
    for ref in refs:
        new = replaced.get(ref.commit_id)
        if new is not None:
            _ref_move(repo, ref, new)
    audit(
        "file.purge", actor=user, subject=repo.full_name, namespace=repo.namespace.name, files=sorted(wanted)[:100], commits=len(replaced)
    )  # fmt: skip
    return len(replaced)


def _rewrite(repo: Repo, commits: list[Commit], wanted: frozenset[str]) -> dict[int, Commit]:
    """Old key → new commit, for every commit that is not what it was: its files changed, or its parent's did."""
    replaced: dict[int, Commit] = {}
    cleaned: dict[str, State | None] = {}
    for commit in _parents_first(commits):
        if commit.tree_id not in cleaned:
            state = state_read(commit.tree_id)
            kept = {path: file for path, file in state.items() if not (file.is_lfs and file.sha256 in wanted)}
            cleaned[commit.tree_id] = kept if len(kept) < len(state) else None
        parent = replaced.get(commit.parent_id or 0)
        after = cleaned[commit.tree_id]
        if after is not None or parent is not None:
            replaced[commit.pk] = _again(repo, commit, parent, after)
    return replaced


def _parents_first(commits: list[Commit]) -> list[Commit]:
    """Keys grow with time, but a commit that was written again may have a parent of a higher key."""
    by_key = {commit.pk: commit for commit in commits}
    ordered: dict[int, Commit] = {}
    for commit in commits:
        chain = []
        current: Commit | None = commit
        while current is not None and current.pk not in ordered:
            chain.append(current)
            current = by_key.get(current.parent_id or 0)
        ordered |= {link.pk: link for link in reversed(chain)}
    return list(ordered.values())


def _again(repo: Repo, old: Commit, parent: Commit | None, after: State | None) -> Commit:
    parent_key, parent_oid = (
        (parent.pk, parent.oid) if parent else (old.parent_id, old.parent.oid if old.parent else None)
    )
    tree = old.tree_id if after is None else tree_write(after)
    oid = commit_oid(
        tree=tree, parent=parent_oid, author_name=old.author_name, date=old.date, title=old.title, message=old.message
    )  # fmt: skip
    told = {"facts": old.facts, "manifest": old.manifest, "findings": old.findings}
    if after is not None:
        found = extract(after)
        told = {
            "facts": json_safe(found.facts.model_dump(mode="json")), "manifest": found.manifest,
            "findings": [json_safe(finding.model_dump(mode="json")) for finding in found.findings],
        }  # fmt: skip
    new, is_new = Commit.objects.get_or_create(
        repo=repo, oid=oid,
        defaults={
            "parent_id": parent_key, "tree_id": tree, "title": old.title, "message": old.message, "author_id": old.author_id,
            "author_name": old.author_name, "date": old.date, **told,
        },
    )  # fmt: skip
    if is_new:
        edges = list(LineageEdge.objects.filter(child=old).order_by("position"))
        for edge in edges:
            edge.pk, edge.child = None, new
        LineageEdge.objects.bulk_create(edges)
    return new


def _ref_move(repo: Repo, ref: Ref, commit: Commit) -> None:
    ref.commit = commit
    ref.save(update_fields=["commit", "updated_at"])
    if ref.kind != "branch":
        return
    commit.repo = repo
    state = state_read(commit.tree_id)
    HeadEntry.objects.filter(ref=ref).delete()
    head_fill(ref, commit, state)
    if ref.name == repo.default_branch:
        derived_update(repo, commit, state, extract(state))

"""Reads of the catalogue. Every one that takes a user starts from `visible_to`."""

from collections.abc import Collection

from django.contrib.auth.models import AnonymousUser
from django.db import connection
from django.db.models import Count, QuerySet

from hub.accounts.models import User
from hub.blobs.drivers.base import SHA256
from hub.blobs.models import Blob, BlobGrant
from hub.catalog.entries import Entry, entries_get, entries_of, entry_get
from hub.catalog.errors import RepoMissing
from hub.catalog.graph import Edge, Graph, Node, lineage_of
from hub.catalog.history import ancestors_of
from hub.catalog.models import Commit, HeadEntry, Repo
from hub.catalog.moving import redirect_of
from hub.catalog.revisions import branch_get, commit_resolve
from hub.catalog.search import Page, SearchQuery, repo_search
from hub.core.errors import Forbidden
from workers.contracts.facts import FileFact, RepoFacts

__all__ = [
    "Edge", "Entry", "Graph", "Node", "Page", "SearchQuery", "blob_is_readable", "blob_usable_by", "blobs_usable_by", "branch_get", "commit_resolve", "commits_of",
    "entries_get", "entries_of", "entry_get", "facts_of", "files_of", "hub_counts", "lineage_of", "recent_repos", "repo_get",
    "repo_search",
]  # fmt: skip

# From the folders that hold a blob upwards to the roots, and from those to the repos that have such a root in their history.
_REPOS_WITH_BLOBS = """
WITH RECURSIVE above(blob, oid) AS (
    SELECT blob_id, tree_id FROM catalog_treeentry WHERE blob_id = ANY(%s)
    UNION
    SELECT above.blob, entry.tree_id FROM catalog_treeentry entry JOIN above ON entry.subtree_id = above.oid
)
SELECT DISTINCT above.blob, made.repo_id FROM above JOIN catalog_commit made ON made.tree_id = above.oid
"""
_AT_ONCE = 5000


def repo_get(*, user: User | AnonymousUser | None, full_name: str, type: str = "model", action: str = "read") -> Repo:
    """The repo, or RepoMissing. Who may read but not do `action` gets Forbidden: that it is there is no secret to them."""
    namespace, _, name = full_name.partition("/")
    everything = Repo.objects.select_related("namespace").defer("words")
    rows = everything.filter(type=type, namespace__name__iexact=namespace, name__iexact=name)
    repo: Repo | None = rows.visible_to(user, action).first()
    if repo is None and (moved := redirect_of(type, full_name)) is not None:
        rows = everything.filter(pk=moved.pk)
        repo = rows.visible_to(user, action).first()
    if repo is not None:
        return repo
    if action != "read" and (seen := rows.visible_to(user, "read").first()) is not None:
        raise Forbidden(f"You may not {'change' if action == 'admin' else 'write to'} {seen.full_name}.")
    raise RepoMissing()


def facts_of(commit: Commit) -> RepoFacts:
    """What is known of a commit, with the repo's present name and visibility."""
    repo = commit.repo
    facts = RepoFacts.model_validate(commit.facts)
    return facts.model_copy(
        update={"repo": repo.full_name, "commit": commit.oid, "repo_type": repo.type, "visibility": repo.visibility}
    )  # fmt: skip


def files_of(commit: Commit) -> tuple[FileFact, ...]:
    entries = entries_of(commit, with_last_commit=False)
    return tuple(
        FileFact(path=entry.path, size_bytes=entry.size_bytes, sha256=entry.sha256)
        for entry in entries
        if not entry.is_folder
    )


def commits_of(commit: Commit) -> QuerySet[Commit]:
    """The commit and what came before it, newest first; without facts, which can be large."""
    keys = [key for key, _ in ancestors_of(commit, limit=100_000)]
    return (
        Commit.objects.filter(pk__in=keys)
        .select_related("author")
        .defer("facts", "findings", "manifest")
        .order_by("-date", "-pk")
    )


def blob_usable_by(user: User | AnonymousUser | None, sha256: str) -> Blob | None:
    """The blob, if `user` sent these bytes or may read a repo that has them in its history."""
    return blobs_usable_by(user, [sha256]).get(sha256)


def blobs_usable_by(user: User | AnonymousUser | None, sha256s: Collection[str]) -> dict[str, Blob]:
    """Those of these blobs that `user` sent, or may read in some repo, by hash: a few queries, however many are asked for.

    SECURITY: hashes stand in pointer files and logs. Knowing one is no proof of having the bytes.
    """
    if user is None or not user.is_authenticated:
        return {}
    wanted = sorted({sha256 for sha256 in sha256s if SHA256.fullmatch(sha256)})
    found: dict[str, Blob] = {}
    for start in range(0, len(wanted), _AT_ONCE):
        blobs = Blob.objects.in_bulk(wanted[start : start + _AT_ONCE])
        sent = set(BlobGrant.objects.filter(user_id=user.pk, blob__in=blobs).values_list("blob_id", flat=True))
        open_here = sent | _readable(user, blobs.keys() - sent)
        found |= {sha256: blob for sha256, blob in blobs.items() if sha256 in open_here}
    return found


def blob_is_readable(user: User | AnonymousUser, blob: Blob) -> bool:
    """True when a repo whose files `user` may read has the blob, in any commit."""
    return bool(_readable(user, {blob.pk}))


def _readable(user: User | AnonymousUser, sha256s: Collection[str]) -> set[str]:
    if not sha256s:
        return set()
    visible = Repo.objects.all().open_to(user)
    heads = HeadEntry.objects.filter(blob__in=sha256s, ref__repo__in=visible)
    found = set(heads.values_list("blob_id", flat=True).distinct())
    left = [sha256 for sha256 in sha256s if sha256 not in found]
    if left:
        with connection.cursor() as cursor:
            cursor.execute(_REPOS_WITH_BLOBS, [left])
            rows = cursor.fetchall()
        open_repos = set(visible.filter(pk__in={repo for _, repo in rows}).values_list("pk", flat=True))
        found |= {sha256 for sha256, repo in rows if repo in open_repos}
    return found


def hub_counts(user: User | AnonymousUser | None) -> dict[str, int]:
    """How many of each artifact `user` sees, and of datasets."""
    rows = Repo.objects.visible_to(user, "read").values_list("type", "artifact").annotate(count=Count("pk"))
    counts: dict[str, int] = {}
    for type_, artifact, count in rows:
        name = "dataset" if type_ == "dataset" else artifact
        counts[name] = counts.get(name, 0) + count
    return counts


def recent_repos(user: User | AnonymousUser | None, limit: int = 10) -> list[Repo]:
    repos = (
        Repo.objects.visible_to(user, "read").filter(type="model").defer("words", "card").select_related("namespace")
    )
    return list(repos.order_by("-updated_at", "id")[:limit])

"""Reads of the catalogue. Every one that takes a user starts from `visible_to`."""

from django.contrib.auth.models import AnonymousUser
from django.db import connection
from django.db.models import Count, QuerySet

from hub.accounts.models import User
from hub.blobs.models import Blob
from hub.blobs.selectors import blob_get, has_sent
from hub.catalog.entries import Entry, entries_get, entries_of, entry_get
from hub.catalog.errors import RepoMissing
from hub.catalog.graph import Edge, Graph, Node, lineage_of
from hub.catalog.history import ancestors_of
from hub.catalog.models import Commit, Repo
from hub.catalog.moving import redirect_of
from hub.catalog.revisions import branch_get, commit_resolve
from hub.catalog.search import Page, SearchQuery, repo_search
from hub.core.errors import Forbidden
from workers.contracts.facts import FileFact, RepoFacts

__all__ = [
    "Edge", "Entry", "Graph", "Node", "Page", "SearchQuery", "blob_is_readable", "blob_usable_by", "branch_get", "commit_resolve", "commits_of",
    "entries_get", "entries_of", "entry_get", "facts_of", "files_of", "hub_counts", "lineage_of", "recent_repos", "repo_get",
    "repo_search",
]  # fmt: skip

# From the folders that hold a blob upwards to the roots, and from those to the repos that have such a root in their history.
_REPOS_WITH_BLOB = """
WITH RECURSIVE above(oid) AS (
    SELECT tree_id FROM catalog_treeentry WHERE blob_id = %s
    UNION
    SELECT entry.tree_id FROM catalog_treeentry entry JOIN above ON entry.subtree_id = above.oid
)
SELECT DISTINCT repo_id FROM catalog_commit WHERE tree_id IN (SELECT oid FROM above)
"""


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
    """The blob, if `user` sent these bytes or may read a repo that has them in its history.

    SECURITY: hashes stand in pointer files and logs. Knowing one is no proof of having the bytes.
    """
    if user is None or not user.is_authenticated:
        return None
    blob = blob_get(sha256)
    return blob if blob is not None and (has_sent(user, blob) or blob_is_readable(user, blob)) else None


def blob_is_readable(user: User | AnonymousUser, blob: Blob) -> bool:
    """True when a repo whose files `user` may read has the blob, in any commit."""
    visible = Repo.objects.all().open_to(user)
    if visible.filter(refs__entries__blob=blob).exists():
        return True
    with connection.cursor() as cursor:
        cursor.execute(_REPOS_WITH_BLOB, [blob.pk])
        keys = [row[0] for row in cursor.fetchall()]
    return visible.filter(pk__in=keys).exists()


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

"""How much a user or organisation stores: every blob counted once, over all commits that a branch or tag still leads to."""

from collections.abc import Collection
from dataclasses import dataclass
from uuid import UUID

from django.db import connection
from psycopg import sql

from hub.accounts.models import Namespace
from hub.catalog.models import Repo
from hub.catalog.reachable import live_commits

_HELD = sql.SQL("""
WITH RECURSIVE walk(repo, tree) AS (
    SELECT commit.repo_id, commit.tree_id FROM catalog_commit commit
    WHERE commit.repo_id = ANY(%(repos)s) AND commit.id IN ({live})
    UNION
    SELECT walk.repo, entry.subtree_id FROM walk JOIN catalog_treeentry entry ON entry.tree_id = walk.tree
    WHERE entry.subtree_id IS NOT NULL
)
SELECT DISTINCT walk.repo, blob.sha256, blob.size_bytes
FROM walk
JOIN catalog_treeentry entry ON entry.tree_id = walk.tree
JOIN blobs_blob blob ON blob.sha256 = entry.blob_id
""")
_SUMS = sql.SQL("""
WITH held(repo, sha256, size_bytes) AS ({held}),
once AS (
    SELECT held.sha256, held.size_bytes, bool_or(repo.visibility = 'public') AS is_public
    FROM held JOIN catalog_repo repo ON repo.id = held.repo GROUP BY held.sha256, held.size_bytes
)
SELECT NULL::uuid, coalesce(sum(size_bytes), 0)::bigint, coalesce(sum(size_bytes) FILTER (WHERE is_public), 0)::bigint FROM once
UNION ALL
SELECT repo, sum(size_bytes)::bigint, 0 FROM held GROUP BY repo
""")


@dataclass(frozen=True)
class Usage:
    """Bytes. What stands in a public and in a private repo of the same owner counts as public. `by_repo` may add up to more
    than the total: repos share blobs."""

    total_bytes: int
    public_bytes: int
    by_repo: dict[UUID, int]

    @property
    def private_bytes(self) -> int:
        return self.total_bytes - self.public_bytes


def usage_of(namespace: Namespace) -> Usage:
    repos = list(Repo.objects.filter(namespace=namespace).values_list("pk", flat=True))
    if not repos:
        return Usage(0, 0, {})
    statement = _SUMS.format(held=_HELD.format(live=live_commits((), repos)))
    with connection.cursor() as cursor:
        cursor.execute(statement, {"repos": repos})
        rows = cursor.fetchall()
    total, public = next((total, public) for repo, total, public in rows if repo is None)
    return Usage(total, public, {repo: size for repo, size, _ in rows if repo is not None})


def usage_of_repo(repo: Repo) -> int:
    return usage_of_repos([repo.pk]).get(repo.pk, 0)


def usage_of_repos(repos: list[UUID]) -> dict[UUID, int]:
    statement = sql.SQL("SELECT repo, sum(size_bytes)::bigint FROM ({held}) AS held GROUP BY repo").format(
        held=_HELD.format(live=live_commits((), repos))
    )
    with connection.cursor() as cursor:
        cursor.execute(statement, {"repos": repos})
        return dict(cursor.fetchall())


def held_of(namespace: Namespace, sha256s: Collection[str]) -> set[str]:
    """Those of these blobs that the namespace stores already: keeping one of them twice costs nothing."""
    repos = list(Repo.objects.filter(namespace=namespace).values_list("pk", flat=True))
    if not repos or not sha256s:
        return set()
    statement = sql.SQL("SELECT DISTINCT sha256 FROM ({held}) AS held WHERE sha256 = ANY(%(sha256s)s)").format(
        held=_HELD.format(live=live_commits((), repos))
    )
    with connection.cursor() as cursor:
        cursor.execute(statement, {"repos": repos, "sha256s": list(sha256s)})
        return {row[0] for row in cursor.fetchall()}

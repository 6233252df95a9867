"""Which commit touched a path last, for commits that are not the head of a branch (heads have it in their rows)."""

from collections.abc import Iterable
from itertools import pairwise

from hub.catalog.models import Commit
from hub.catalog.trees import Row, trees_read

MAX_COMMITS = 2000


def ancestors_of(commit: Commit, limit: int = MAX_COMMITS) -> list[tuple[int, str]]:
    """(key, tree) of `commit` and those before it, newest first. One query: a history is a chain."""
    parents = {
        key: (parent, tree)
        for key, parent, tree in Commit.objects.filter(repo_id=commit.repo_id).values_list("pk", "parent_id", "tree_id")
    }
    chain: list[tuple[int, str]] = []
    current: int | None = commit.pk
    while current is not None and current in parents and len(chain) < limit:
        parent, tree = parents[current]
        chain.append((current, tree))
        current = parent
    return chain


def last_commits(commit: Commit, paths: Iterable[str]) -> dict[str, int]:
    """The key of the commit that last touched each path, files and folders alike."""
    chain = ancestors_of(commit)
    open_paths = set(paths)
    found: dict[str, int] = {}
    cache: dict[str, dict[str, Row]] = {}
    for (key, tree), (_, before) in pairwise(chain):
        if not open_paths:
            break
        if tree == before:
            continue
        for path in list(open_paths):
            if _oid_at(tree, path, cache) != _oid_at(before, path, cache):
                found[path] = key
                open_paths.discard(path)
    oldest = chain[-1][0]
    return found | dict.fromkeys(open_paths, oldest)


def _oid_at(root: str, path: str, cache: dict[str, dict[str, Row]]) -> str | None:
    current: str | None = root
    oid: str | None = None
    for name in path.split("/"):
        if current is None:
            return None
        if current not in cache:
            cache[current] = {row.name: row for row in trees_read([current])[current]}
        row = cache[current].get(name)
        if row is None:
            return None
        oid, current = row.oid, row.subtree
    return oid

"""Files and folders of a commit, as listings show them."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from hub.catalog.errors import EntryMissing
from hub.catalog.history import last_commits
from hub.catalog.models import Commit, HeadEntry, Ref
from hub.catalog.trees import Row, tree_find, tree_walk, trees_find


@dataclass(frozen=True)
class Entry:
    """`size_bytes` and `sha256` are those of the content, also for LFS; for a folder 0 and "". `last_commit` touched this path last."""

    path: str
    oid: str
    size_bytes: int = 0
    is_lfs: bool = False
    sha256: str = ""
    is_folder: bool = False
    last_commit: Commit | None = None


def entries_of(commit: Commit, prefix: str = "", recursive: bool = True, with_last_commit: bool = True) -> list[Entry]:
    """Everything below the folder `prefix`, sorted by path, folders included. A prefix that is no folder is EntryMissing."""
    prefix = prefix.strip("/")
    root = commit.tree_id
    if prefix:
        row = tree_find(root, prefix)
        if row is None or row.subtree is None:
            raise EntryMissing(f"There is no folder {prefix[:200]!r} at {commit.oid[:8]}.", commit.oid)
        root = row.subtree
    rows = tree_walk(root, prefix, recursive)
    touched = _last_commits(commit, rows) if with_last_commit else {}
    return [_entry(path, rows[path], touched.get(path)) for path in sorted(rows)]


def entry_get(commit: Commit, path: str) -> Entry | None:
    """One file or folder. At the head of a branch a file is one indexed read."""
    row = (
        HeadEntry.objects.filter(ref__commit_id=commit.pk, ref__kind="branch", path=path)
        .values_list("oid", "blob__size_bytes", "is_lfs", "blob_id")
        .first()
    )
    if row is not None:
        return Entry(path, *row)
    found = tree_find(commit.tree_id, path)
    return None if found is None else _entry(path, found, None)


def entries_get(commit: Commit, paths: Collection[str], with_last_commit: bool = False) -> list[Entry]:
    """Those of `paths` that are there."""
    rows = trees_find(commit.tree_id, {path for path in paths if path})
    found = {path: _entry(path, rows[path], None) for path in dict.fromkeys(paths) if path in rows}
    if not with_last_commit:
        return list(found.values())
    keys = last_commits(commit, found)
    commits = _commits(keys.values())
    return [Entry(**{**vars(entry), "last_commit": commits.get(keys[path])}) for path, entry in found.items()]


def _entry(path: str, row: Row, last_commit: Commit | None) -> Entry:
    if row.file is None:
        return Entry(path, row.oid, is_folder=True, last_commit=last_commit)
    return Entry(path, row.oid, row.file.size_bytes, row.file.is_lfs, row.file.sha256, last_commit=last_commit)


def _last_commits(commit: Commit, rows: dict[str, Row]) -> dict[str, Commit]:
    """Heads have it in their rows; a folder was touched when the newest file in it was. Other commits are walked for."""
    ref = Ref.objects.filter(repo_id=commit.repo_id, kind="branch", commit_id=commit.pk).first()
    if ref is None:
        keys = last_commits(commit, rows)
    else:
        keys = {}
        for path, key in (
            HeadEntry.objects.filter(ref=ref)
            .order_by("last_commit__date", "last_commit_id")
            .values_list("path", "last_commit_id")
        ):
            keys[path] = key
            while path := path.rpartition("/")[0]:
                keys[path] = key  # in order of time: the newest is written last
    commits = _commits(keys[path] for path in rows if path in keys)
    return {path: commits[keys[path]] for path in rows if path in keys}


def _commits(keys: Iterable[int]) -> dict[int, Commit]:
    return Commit.objects.defer("facts", "findings", "manifest").in_bulk(list(set(keys)))

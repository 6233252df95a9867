"""Trees as rows: written once, shared by every commit and repo that has the same folder."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from hub.catalog.git_ids import TreeItem, tree_oid
from hub.catalog.models import Tree, TreeEntry
from hub.catalog.paths import folders_of
from hub.catalog.states import FileState, State


@dataclass(frozen=True)
class Row:
    """A name in a folder. Exactly one of `file` and `subtree` is set."""

    name: str
    oid: str
    subtree: str | None = None
    file: FileState | None = None


def tree_write(state: Mapping[str, FileState]) -> str:
    """Makes the rows that are missing and gives the id of the root."""
    root, by_oid = _folders(state)
    known = set(Tree.objects.filter(oid__in=by_oid).values_list("oid", flat=True))
    missing = sorted(set(by_oid) - known)  # in one order, so that two commits at once never wait for each other
    Tree.objects.bulk_create([Tree(oid=oid) for oid in missing], ignore_conflicts=True)
    TreeEntry.objects.bulk_create(
        [
            TreeEntry(
                tree_id=oid,
                name=row.name,
                oid=row.oid,
                subtree_id=row.subtree,
                blob_id=row.file.sha256 if row.file else None,
                is_lfs=bool(row.file and row.file.is_lfs),
            )
            for oid in missing
            for row in by_oid[oid]
        ],
        ignore_conflicts=True,
        batch_size=2000,
    )
    return root


def _folders(state: Mapping[str, FileState]) -> tuple[str, dict[str, list[Row]]]:
    """The root's id, and the rows of every folder by the folder's id."""
    rows: dict[str, list[Row]] = defaultdict(list)
    for path, file in state.items():
        folder, _, name = path.rpartition("/")
        rows[folder].append(Row(name, file.oid, file=file))
    every = {"", *rows, *(folder for path in state for folder in folders_of(path))}
    by_oid: dict[str, list[Row]] = {}
    root = ""
    # deepest first: a folder's id is known when its parent needs it, and the root comes last
    for folder in sorted(every, key=lambda name: (name.count("/") + bool(name), name), reverse=True):
        root = tree_oid(TreeItem(row.name, row.oid, row.file is None) for row in rows[folder])
        by_oid[root] = rows[folder]
        if folder:
            parent, _, name = folder.rpartition("/")
            rows[parent].append(Row(name, root, subtree=root))
    return root, by_oid


def trees_read(oids: Iterable[str]) -> dict[str, list[Row]]:
    """The rows of some folders, in one query."""
    found: dict[str, list[Row]] = {oid: [] for oid in oids}
    rows = TreeEntry.objects.filter(tree_id__in=found).values_list(
        "tree_id", "name", "oid", "subtree_id", "blob_id", "is_lfs", "blob__size_bytes"
    )
    for tree, name, oid, subtree, sha256, is_lfs, size in rows:
        file = None if sha256 is None else FileState(oid, sha256, size, is_lfs)
        found[tree].append(Row(name, oid, subtree, file))
    return found


def tree_walk(root: str, prefix: str = "", recursive: bool = True) -> dict[str, Row]:
    """Every file and folder below `root` by full path. One query per level of depth."""
    found: dict[str, Row] = {}
    level = [(root, prefix)]
    while level:
        rows = trees_read({oid for oid, _ in level})
        deeper = []
        for oid, above in level:
            for row in rows[oid]:
                path = f"{above}/{row.name}" if above else row.name
                found[path] = row
                if row.subtree is not None:
                    deeper.append((row.subtree, path))
        level = deeper if recursive else []
    return found


def tree_find(root: str, path: str) -> Row | None:
    """The row at `path`, one query per part of it."""
    row: Row | None = None
    current: str | None = root
    for name in path.split("/"):
        if current is None:
            return None
        entry = (
            TreeEntry.objects.filter(tree_id=current, name=name)
            .values_list("oid", "subtree_id", "blob_id", "is_lfs", "blob__size_bytes")
            .first()
        )
        if entry is None:
            return None
        oid, current, sha256, is_lfs, size = entry
        row = Row(name, oid, current, None if sha256 is None else FileState(oid, sha256, size, is_lfs))
    return row


def trees_find(root: str, paths: Iterable[str]) -> dict[str, Row]:
    """The rows at those of `paths` that are there: one query per level of depth, however many paths."""
    found: dict[str, Row] = {}
    # per folder, the names looked for in it and the paths that go through them
    level: dict[str, dict[str, list[tuple[str, list[str]]]]] = {
        root: _steps([(path, path.split("/")) for path in paths])
    }
    while level:
        names = {name for wanted in level.values() for name in wanted}
        entries = TreeEntry.objects.filter(tree_id__in=level, name__in=names).values_list(
            "tree_id", "name", "oid", "subtree_id", "blob_id", "is_lfs", "blob__size_bytes"
        )
        deeper: dict[str, list[tuple[str, list[str]]]] = defaultdict(list)
        for tree, name, oid, subtree, sha256, is_lfs, size in entries:
            row = Row(name, oid, subtree, None if sha256 is None else FileState(oid, sha256, size, is_lfs))
            for path, rest in level[tree].get(name, ()):
                if not rest:
                    found[path] = row
                elif subtree is not None:
                    deeper[subtree].append((path, rest))
        level = {tree: _steps(asked) for tree, asked in deeper.items()}
    return found


def _steps(asked: Iterable[tuple[str, list[str]]]) -> dict[str, list[tuple[str, list[str]]]]:
    by_name: dict[str, list[tuple[str, list[str]]]] = defaultdict(list)
    for path, (name, *rest) in asked:
        by_name[name].append((path, rest))
    return by_name


def state_read(root: str) -> State:
    return {path: row.file for path, row in tree_walk(root).items() if row.file is not None}

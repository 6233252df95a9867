"""What differs between two commits, file by file. Folders with the same id are not looked into."""

from dataclasses import dataclass
from typing import Literal

from hub.catalog.models import Commit
from hub.catalog.states import FileState
from hub.catalog.trees import Row, trees_read

ChangeKind = Literal["added", "removed", "changed", "renamed"]


@dataclass(frozen=True)
class Change:
    """`path` is where the file is afterwards, or was if it is gone. `old_path` differs for a renamed one."""

    kind: ChangeKind
    path: str
    before: FileState | None = None
    after: FileState | None = None
    old_path: str = ""


def changes_between(before: Commit | None, after: Commit) -> list[Change]:
    """Sorted by path. Without `before` everything is new, as in the first commit."""
    gone: dict[str, FileState] = {}
    come: dict[str, FileState] = {}
    level: list[tuple[str, str | None, str | None]] = [("", before.tree_id if before else None, after.tree_id)]
    while level:
        oids = {oid for _, *pair in level for oid in pair if oid is not None}
        rows = trees_read(oids)
        deeper = []
        for above, old, new in level:
            left, right = _by_name(rows, old), _by_name(rows, new)
            for name in left.keys() | right.keys():
                one, two = left.get(name), right.get(name)
                if (
                    one is not None
                    and two is not None
                    and one.oid == two.oid
                    and (one.file is None) == (two.file is None)
                ):
                    continue
                path = f"{above}{name}"
                if one is not None and one.file is not None:
                    gone[path] = one.file
                if two is not None and two.file is not None:
                    come[path] = two.file
                folders = (one.subtree if one else None, two.subtree if two else None)
                if any(folders):
                    deeper.append((f"{path}/", *folders))
        level = deeper
    return _paired(gone, come)


def _by_name(rows: dict[str, list[Row]], oid: str | None) -> dict[str, Row]:
    return {} if oid is None else {row.name: row for row in rows[oid]}


def _paired(gone: dict[str, FileState], come: dict[str, FileState]) -> list[Change]:
    """The same bytes that went here and came there were renamed."""
    changed = [Change("changed", path, gone[path], come[path]) for path in gone.keys() & come.keys()]
    left = {file.sha256: path for path, file in sorted(gone.items(), reverse=True) if path not in come}
    result = list(changed)
    for path in sorted(come.keys() - gone.keys()):
        source = left.pop(come[path].sha256, None) if come[path].size_bytes else None
        if source is not None:
            result.append(Change("renamed", path, gone.pop(source), come[path], source))
        else:
            result.append(Change("added", path, None, come[path]))
    result += [Change("removed", path, gone[path]) for path in gone.keys() - come.keys()]
    return sorted(result, key=lambda change: change.path)

"""Which tensors all have alike, and which are missing somewhere or of another shape or number format."""

from collections.abc import Sequence
from dataclasses import dataclass

from hub.pages.beside.members import Member
from hub.pages.templatetags.parts import dtype_word
from workers.contracts.facts import TensorFact

MOST_ROWS = 500


@dataclass(frozen=True)
class TensorRow:
    """`cells` has one text per entry, None where the tensor is not there. `kind`: missing, reshaped or retyped."""

    name: str
    kind: str
    cells: tuple[str | None, ...]


@dataclass(frozen=True)
class Structure:
    """`same` of `total` names are alike in every entry; `rows` holds the first of the others. `closed` are behind a gate."""

    members: tuple[Member, ...]
    total: int
    same: int
    missing: int
    reshaped: int
    retyped: int
    rows: tuple[TensorRow, ...]
    closed: tuple[str, ...] = ()

    @property
    def differing(self) -> int:
        return self.total - self.same


def structure_of(members: Sequence[Member]) -> Structure:
    """SECURITY: headers are content of files: entries behind a gate are named and left out."""
    told = tuple(member for member in members if member.is_open)
    closed = tuple(member.name for member in members if not member.is_open)
    if len(told) < 2:
        return Structure(told, 0, 0, 0, 0, 0, (), closed)
    tables = [member.opened.facts.tensors for member in told]
    names = list(dict.fromkeys(name for table in tables for name in table))
    rows = [row for name in names if (row := _row(name, [table.get(name) for table in tables])) is not None]
    count = {kind: sum(row.kind == kind for row in rows) for kind in ("missing", "reshaped", "retyped")}
    return Structure(told, len(names), len(names) - len(rows), count["missing"], count["reshaped"], count["retyped"], tuple(rows[:MOST_ROWS]), closed)  # fmt: skip


def _row(name: str, facts: Sequence[TensorFact | None]) -> TensorRow | None:
    there = [fact for fact in facts if fact is not None]
    if len(there) < len(facts):
        kind = "missing"
    elif len({fact.shape for fact in there}) > 1:
        kind = "reshaped"
    elif len({fact.dtype for fact in there}) > 1:
        kind = "retyped"
    else:
        return None
    return TensorRow(name, kind, tuple(_words(fact) for fact in facts))


def _words(fact: TensorFact | None) -> str | None:
    if fact is None:
        return None
    return f"{' × '.join(map(str, fact.shape)) or 'one number'}, {dtype_word(fact.dtype)}"

"""The licences of one choice of branches, laxest first, with the inputs under each; and what hinders one pair of them."""

from collections.abc import Sequence
from dataclasses import dataclass

from workers.planning.licences.record import Licence
from workers.planning.wording import joined


@dataclass(frozen=True)
class LicenceInput:
    """One input of an operation. `name` is for sentences, `repo` the full name; `licence` is SPDX, "" where none is declared."""

    name: str
    licence: str
    role: str = "source"
    commit: str = ""
    repo: str = ""


@dataclass(frozen=True)
class Held:
    """An input with the licence that was chosen for it."""

    entry: LicenceInput
    licence: Licence


@dataclass(frozen=True)
class Issue:
    """One thing that stops or questions the result, with the inputs it comes from."""

    level: str
    reason: str
    held: tuple[Held, ...]
    clause: str

    def links(self) -> list[dict[str, str]]:
        return [
            {"name": held.entry.name, "role": held.entry.role, "licence": held.licence.name, "clause": self.clause,
             "verdict": self.level, "reason": self.reason}
            for held in self.held
        ]  # fmt: skip


@dataclass(frozen=True)
class Mix:
    licences: tuple[Licence, ...]
    holders: dict[str, tuple[Held, ...]]

    @classmethod
    def of(cls, held: Sequence[Held]) -> "Mix":
        licences = {one.licence.name: one.licence for one in held}
        holders = {name: tuple(dict.fromkeys(one for one in held if one.licence.name == name)) for name in licences}
        return cls(tuple(sorted(licences.values(), key=lambda licence: (licence.rank, licence.name))), holders)

    def who(self, licence: Licence) -> str:
        return joined(list(dict.fromkeys(held.entry.name for held in self.holders[licence.name])))

    def named(self, licence: Licence) -> str:
        return f"{licence.name} ({self.who(licence)})"

    def issue(self, level: str, reason: str, clause: str, *licences: Licence) -> Issue:
        return Issue(level, reason, tuple(held for licence in licences for held in self.holders[licence.name]), clause)


def hindrance(one: Licence, other: Licence) -> tuple[str, str, str] | None:
    """Level, why, and clauses, where no single result can keep both licences or it is not settled. Symmetric."""
    strong = [licence for licence in (one, other) if licence.gpl_versions]
    if len(strong) == 2:
        if one.gpl_versions & other.gpl_versions:
            return None
        return "deny", "their versions of the GPL exclude each other", f"{one.clause}; {other.clause}"
    if strong:
        return _with_gpl(strong[0], other if strong[0] is one else one)
    return _share_alike(one, other)


def _with_gpl(gpl: Licence, other: Licence) -> tuple[str, str, str] | None:
    clauses = f"{gpl.where('extra')}; {other.where(_limiting(other))}"
    if other.is_restricted:
        return "deny", f"{gpl.name} allows no further terms, and {other.name} adds {_terms(other)}", clauses
    if other.gpl is None:
        return "review", f"whether {other.name} may be taken up into {gpl.name} is not settled", clauses
    # CC-BY-SA-4.0 may be carried over into GPL-3.0, and only there.
    is_locked = bool(other.share_alike) and gpl.copyleft == "network"
    if other.gpl == 0 or other.gpl > max(gpl.gpl_versions) or is_locked:
        return "deny", f"{gpl.name} does not take up {other.name}", f"{gpl.where('extra')}; {other.where('gpl')}"
    return None


def _share_alike(one: Licence, other: Licence) -> tuple[str, str, str] | None:
    alike = [licence for licence in (one, other) if licence.share_alike]
    if not alike:
        return None
    if len(alike) == 2:
        clauses = f"{one.clause}; {other.clause}"
        if one.share_alike != other.share_alike:
            return "deny", "each asks for the result to be under itself", clauses
        return "review", f"{one.name} and {other.name} each ask for the result to be under themselves", clauses
    held, free = alike[0], other if alike[0] is one else one
    clauses = f"{held.clause}; {free.where(_limiting(free))}"
    is_noncommercial = held.share_alike == "CC-BY-NC-SA"
    if free.has_use_restrictions or free.is_research_only or (free.is_restricted and not is_noncommercial):
        return "deny", f"{held.name} allows no further terms, and {free.name} adds {_terms(free)}", clauses
    return None


def _limiting(licence: Licence) -> str:
    return "restrictions" if licence.has_use_restrictions else "commercial" if not licence.is_commercial else "gpl"


def _terms(licence: Licence) -> str:
    words = []
    if licence.has_use_restrictions:
        words.append("use restrictions")
    if licence.name_prefix:
        words.append("a rule for names")
    if licence.is_research_only:
        words.append("a limit to research")
    elif not licence.is_commercial:
        words.append("a ban on commercial use")
    return joined(words)

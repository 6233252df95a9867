"""If they were combined: would a merge of them pass the check, and under which licence would its result stand?"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.urls import reverse
from django.utils.http import urlencode

from hub.pages.beside.members import Member, Reader
from hub.pages.entry import base_names
from hub.recipes.resolution import facts_by_text, references_resolve
from workers.contracts.findings import Finding
from workers.contracts.methods import method_get
from workers.contracts.parsing import parse
from workers.contracts.plans import LicenceVerdict
from workers.planning.check import check_parsed
from workers.planning.licences import LicenceInput, licence_judge


@dataclass(frozen=True)
class Combination:
    """`method` is the one the check was made for; `findings` are its errors and warnings. `closed` says why it was not made."""

    method: str
    base: str
    sources: tuple[str, ...]
    findings: tuple[Finding, ...]
    agreements: tuple[str, ...]
    licence: LicenceVerdict
    make_url: str
    closed: str = ""

    @property
    def method_label(self) -> str:
        row = method_get("merge", self.method)
        return row.label if row is not None else self.method

    @property
    def is_possible(self) -> bool:
        return not self.closed and not any(finding.severity == "error" for finding in self.findings)


def combination_of(members: Sequence[Member], *, user: Reader) -> Combination:
    """From headers alone, as the form for merges would check it. SECURITY: entries behind a gate are judged by licence only."""
    base = _common_base(members)
    sources = tuple(member for member in members if member.full_name != base)
    if len(sources) < 2:
        # One and its base: a merge with one source would be a copy of it. The two are put together as equals.
        base, sources = "", tuple(members)
    method = "ties" if base and len(sources) > 1 else "linear"
    make = reverse("make-kind", args=["merge"])
    words = [("source", member.reference) for member in sources] + ([("base", base)] if base else [])
    url = f"{make}?{urlencode([*words, ('method', method)])}"
    names = tuple(member.reference for member in sources)
    closed = [member.name for member in members if not member.is_open]
    if closed:
        verdict = licence_judge("merge", [LicenceInput(member.name, member.opened.facts.licence) for member in members])
        reason = f"Not checked: the files of {', '.join(closed)} are behind a gate."
        return Combination(method, base, names, (), (), verdict, url, reason)
    parsed = parse(_document(method, base, names))
    if parsed.readable is None:
        return Combination(method, base, names, tuple(parsed.findings), (), LicenceVerdict(), url)
    resolved = references_resolve(user=user, recipe=parsed.readable)  # type: ignore[arg-type]
    check = check_parsed(parsed, facts_by_text(resolved))
    shown = tuple(finding for finding in check.findings if finding.severity != "info")
    return Combination(method, base, names, shown, tuple(check.agreements), check.licence, url)


def _document(method: str, base: str, names: Sequence[str]) -> dict[str, Any]:
    row = method_get("merge", method)
    defaults = {entry.name: entry.default for entry in row.parameters if entry.scope == "source"} if row else {}
    document: dict[str, Any] = {
        "kind": "merge",
        "method": method,
        "sources": [{"model": name, **defaults} for name in names],
    }
    return {**document, "base": base} if base else document


def _common_base(members: Sequence[Member]) -> str:
    """One of them that others were made from, else what all of them declare."""
    declared = Counter(name for member in members for name in set(base_names(member.opened)))
    own = {member.full_name for member in members}
    among = [name for name in declared if name in own]
    if among:
        return max(among, key=lambda name: declared[name])
    return next((name for name, count in declared.items() if count == len(members)), "")

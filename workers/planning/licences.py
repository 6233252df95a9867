"""The licence of a merge: a derivative of all its models at once. Nothing is ever assumed: what is not declared stays unknown.

Adding a model never relaxes the verdict, and the order of the models does not matter.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations, product

from workers.contracts.findings import Finding
from workers.contracts.plans import LicenceVerdict
from workers.planning.licence_table import Licence, licence_get
from workers.planning.members import Known
from workers.planning.wording import finding, joined

COMBINED = "LicenseRef-combined"
_LIMIT = 64
_SEVERITY = {"allow": 0, "allow_with_obligations": 1, "review": 2, "unknown": 3, "deny": 4}
# From this rank on a permissive licence asks for credit to be given, not only for its notice to be kept.
CREDIT_RANK = 18
_RESTRICTED = {"community", "research", "non_commercial"}
_GPL3_ONLY = {"Apache-2.0", "ECL-2.0", "CC-BY-SA-4.0"}
_GPL3 = {"GPL-3.0-only", "GPL-3.0-or-later"}
_AGPL3 = {"AGPL-3.0-only", "AGPL-3.0-or-later"}


def licence_verdict(parents: Sequence[tuple[str, str]]) -> LicenceVerdict:
    """`parents` are (name, SPDX or ""). Of licences joined by OR the branch that allows most is taken, AND binds to both."""
    unsaid = [name for name, licence in parents if not licence]
    said = [(name, licence) for name, licence in parents if licence]
    branches = [_branches(licence) for _, licence in said]
    total = 1
    for branch in branches:
        total *= len(branch)
    if total > _LIMIT or any(not branch for branch in branches):
        complex_ = LicenceVerdict(
            verdict="review", reasons=("The licences are combined in a way that a person has to read.",)
        )
        return _with_unsaid(complex_, unsaid)
    candidates = [
        _judge([(name, licence) for (name, _), chosen in zip(said, choice, strict=True) for licence in chosen])
        for choice in product(*branches)
    ]
    best = min(
        candidates, key=lambda verdict: (_SEVERITY[verdict.verdict], licence_get(verdict.licence).rank, verdict.licence)
    )
    return _with_unsaid(best, unsaid)


def licence_findings(verdict: LicenceVerdict, models: Iterable[Known], *, is_public: bool) -> list[Finding]:
    """What the verdict means for this recipe. A conflict stops a public result and warns for a private one."""
    findings = [
        finding("licence_missing", "warning", model.path, f"{model.name} declares no licence.",
                "The licence of the result stays unknown, and without one nobody else may use it.")
        for model in models if not model.facts.licence
    ]  # fmt: skip
    if verdict.verdict == "deny":
        message = " ".join(verdict.reasons)
        if is_public:
            findings.append(
                finding(
                    "licence_conflict",
                    "error",
                    ("output", "visibility"),
                    message,
                    "The result may not be passed on. Make it private.",
                )
            )
        else:
            findings.append(
                finding(
                    "licence_conflict",
                    "warning",
                    ("sources",),
                    message,
                    "The result may be measured in private, not passed on.",
                )
            )
    elif verdict.verdict == "review":
        findings.append(
            finding("licence_review", "warning", ("sources",), " ".join(verdict.reasons), "This is not legal advice.")
        )
    return findings


def _with_unsaid(verdict: LicenceVerdict, unsaid: Sequence[str]) -> LicenceVerdict:
    """A missing licence makes the result's unknown, unless what is declared forbids it anyway."""
    if not unsaid:
        return verdict
    reason = f"{joined(list(dict.fromkeys(unsaid)))} {'declares' if len(set(unsaid)) == 1 else 'declare'} no licence, so the result has none yet."
    binding = (
        *verdict.binding,
        *({"name": name, "licence": "", "clause": "no licence declared"} for name in dict.fromkeys(unsaid)),
    )
    if verdict.verdict == "deny":
        return verdict.model_copy(update={"reasons": (*verdict.reasons, reason), "binding": binding})
    return LicenceVerdict(verdict="unknown", licence="", reasons=(reason,), binding=binding)


def _branches(expression: str) -> list[tuple[Licence, ...]]:
    """`A OR B AND C` as [(A,), (B, C)]; [] for brackets and exceptions, which are left to a person."""
    if re.search(r"[()]|\sWITH\s", expression):
        return []
    return [tuple(licence_get(name.strip()) for name in branch.split(" AND ")) for branch in expression.split(" OR ")]


@dataclass(frozen=True)
class _Mix:
    """The licences of one choice of branches, laxest first, and the models under each."""

    licences: tuple[Licence, ...]
    holders: dict[str, list[str]]

    @classmethod
    def of(cls, parents: Sequence[tuple[str, Licence]]) -> "_Mix":
        licences = {licence.name: licence for _, licence in parents}
        holders = {
            name: list(dict.fromkeys(parent for parent, held in parents if held.name == name)) for name in licences
        }
        return cls(tuple(sorted(licences.values(), key=lambda licence: (licence.rank, licence.name))), holders)

    def who(self, licence: Licence) -> str:
        return joined(self.holders[licence.name])

    def named(self, licence: Licence) -> str:
        return f"{licence.name} ({self.who(licence)})"

    @property
    def binding(self) -> tuple[dict[str, str], ...]:
        return tuple(
            {"name": name, "licence": licence.name, "clause": licence.clause or licence.name}
            for licence in reversed(self.licences) for name in self.holders[licence.name]
        )  # fmt: skip


def _judge(parents: Sequence[tuple[str, Licence]]) -> LicenceVerdict:
    if not parents:
        return LicenceVerdict()
    mix = _Mix.of(parents)
    refusals = _refusals(mix)
    if refusals:
        return LicenceVerdict(verdict="deny", reasons=refusals, binding=mix.binding)
    questions = _questions(mix)
    if questions:
        named = mix.licences[0].name if len(mix.licences) == 1 else COMBINED
        return LicenceVerdict(verdict="review", licence=named, reasons=questions, binding=mix.binding)
    result = _result(mix)
    is_light = all(
        licence.family == "free" or (licence.family == "permissive" and licence.rank < CREDIT_RANK)
        for licence in mix.licences
    )
    return LicenceVerdict(
        verdict="allow" if is_light else "allow_with_obligations", licence=result,
        reasons=(f"The result will be {result}.", *_duties(mix)), binding=mix.binding,
    )  # fmt: skip


def _result(mix: _Mix) -> str:
    top = mix.licences[-1].name
    # What GPL-2.0 cannot take up, its later version can.
    if top == "GPL-2.0-or-later" and any(licence.name in _GPL3_ONLY for licence in mix.licences):
        return "GPL-3.0-or-later"
    return top


def _duties(mix: _Mix) -> tuple[str, ...]:
    """What the maker has to do, the strictest first, with the models that ask for it where not all do."""
    duties = []
    for licence in reversed(mix.licences):
        if licence.duty:
            because = f", because of {mix.who(licence)}" if len(mix.licences) > 1 else ""
            duties.append(f"{licence.duty.rstrip('.')}{because}.")
    return tuple(dict.fromkeys(duties))


def _refusals(mix: _Mix) -> tuple[str, ...]:
    reasons = [
        f"{mix.who(licence)} is under {licence.name}: nothing made of it may be passed on."
        for licence in mix.licences if licence.family == "no_derivatives"
    ]  # fmt: skip
    reasons += [
        f"{mix.named(one)} and {mix.named(other)} cannot both be kept in one model."
        for one, other in combinations(mix.licences, 2) if _conflict(one, other)
    ]  # fmt: skip
    return tuple(reasons)


def _conflict(one: Licence, other: Licence) -> bool:
    """Whether no single result can keep both. Symmetric."""
    families, names = {one.family, other.family}, {one.name, other.name}
    if "strong" in families:
        if families & _RESTRICTED or "AFL-3.0" in names:
            return True
        if families == {"strong"}:
            return "GPL-2.0-only" in names and bool(names & (_GPL3 | _AGPL3))
        if "share_alike" in families:
            # CC-BY-SA-4.0 may be carried over into GPL-3.0, and only there.
            return not ("CC-BY-SA-4.0" in names and names & (_GPL3 | {"GPL-2.0-or-later"}))
        return "GPL-2.0-only" in names and bool(names & _GPL3_ONLY)
    if "share_alike" in families:
        return bool(families & _RESTRICTED)
    is_locked = any(name.startswith("CC-BY-NC-SA") for name in names)
    return is_locked and bool(families & {"community", "research"})


def _questions(mix: _Mix) -> tuple[str, ...]:
    """What a person has to look at although nothing forbids it."""
    reasons = []
    for licence in mix.licences:
        if licence.family == "custom":
            reasons.append(f"{mix.named(licence)} is a licence whose text has to be read.")
        elif licence.family == "weak" and len(mix.licences) > 1:
            reasons.append(f"{mix.named(licence)} speaks of files and linking, which says little about weights.")
    restricted = [licence for licence in mix.licences if licence.family in _RESTRICTED]
    if len(restricted) > 1 and {licence.family for licence in restricted} != {"non_commercial"}:
        reasons.append(f"{joined([licence.name for licence in restricted])} bind the result together.")
    alike = [licence.name for licence in mix.licences if licence.family == "share_alike"]
    if len(alike) > 1:
        reasons.append(f"{joined(alike)} each ask for the result to be under themselves.")
    return tuple(reasons)

"""The licence of a merge: a derivative of all its models at once. Nothing is ever assumed: what is not declared stays unknown.

Adding a model never relaxes the verdict, and the order of the models does not matter.
"""

import re
from collections.abc import Iterable, Sequence
from itertools import combinations, product

from workers.contracts.findings import Finding
from workers.contracts.plans import LicenceVerdict
from workers.planning.licence_table import Licence, licence_get
from workers.planning.members import Known
from workers.planning.wording import finding, joined

COMBINED = "LicenseRef-combined"
_LIMIT = 64
_SEVERITY = {"allow": 0, "allow_with_obligations": 1, "review": 2, "unknown": 3, "deny": 4}
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


def _judge(parents: Sequence[tuple[str, Licence]]) -> LicenceVerdict:
    if not parents:
        return LicenceVerdict()
    licences = list({licence.name: licence for _, licence in parents}.values())
    licences.sort(key=lambda licence: (licence.rank, licence.name))
    holders = {
        licence.name: list(dict.fromkeys(name for name, held in parents if held.name == licence.name))
        for licence in licences
    }
    binding = tuple(
        {"name": name, "licence": licence.name, "clause": licence.clause or licence.name}
        for licence in reversed(licences)
        for name in holders[licence.name]
    )
    reasons = [
        text
        for licence in licences
        if licence.family == "no_derivatives"
        for text in (f"{joined(holders[licence.name])} is under {licence.name}: nothing made of it may be passed on.",)
    ]
    for one, other in combinations(licences, 2):
        if _conflict(one, other):
            reasons.append(
                f"{one.name} ({joined(holders[one.name])}) and {other.name} ({joined(holders[other.name])}) cannot both be kept in one model."
            )
    if reasons:
        return LicenceVerdict(verdict="deny", reasons=tuple(reasons), binding=binding)
    reasons = _questions(licences, holders)
    top = licences[-1]
    distinct = {licence.name for licence in licences if licence.family in {"community", "research", "custom", "weak"}}
    if reasons:
        chosen = top.name if len(distinct) <= 1 and len(licences) == 1 else COMBINED
        return LicenceVerdict(verdict="review", licence=chosen, reasons=tuple(reasons), binding=binding)
    because = f" because of {joined(holders[top.name])}" if len(licences) > 1 else ""
    duties = tuple(dict.fromkeys(_because(licence.duty, because if licence is top else f" because of {joined(holders[licence.name])}")
                                 for licence in reversed(licences) if licence.duty))  # fmt: skip
    is_light = all(
        licence.family == "free" or (licence.family == "permissive" and licence.rank < 18) for licence in licences
    )
    return LicenceVerdict(
        verdict="allow" if is_light else "allow_with_obligations", licence=top.name,
        reasons=(f"The result will be {top.name}.", *duties), binding=binding,
    )  # fmt: skip


def _because(duty: str, because: str) -> str:
    return f"{duty.rstrip('.')},{because}." if because else duty


def _conflict(one: Licence, other: Licence) -> bool:
    """Whether no single result can keep both. Symmetric."""
    families = {one.family, other.family}
    names = {one.name, other.name}
    if "strong" in families:
        if families & {"community", "research", "non_commercial"}:
            return True
        if families == {"strong"}:
            return _copyleft_conflict(names)
        if "share_alike" in families:
            # CC-BY-SA-4.0 may be carried over into GPL-3.0, and only there.
            return not ("CC-BY-SA-4.0" in names and bool(names & (_GPL3 | {"GPL-2.0-or-later"})))
        return "GPL-2.0-only" in names and bool(names & {"Apache-2.0", "ECL-2.0"})
    if "share_alike" in families:
        return bool(families & {"community", "research", "non_commercial"})
    locked = [licence for licence in (one, other) if licence.name.startswith("CC-BY-NC-SA")]
    return bool(locked) and bool(families & {"community", "research"})


def _copyleft_conflict(names: set[str]) -> bool:
    if "GPL-2.0-only" in names:
        return bool(names & (_GPL3 | _AGPL3))
    return False


def _questions(licences: Sequence[Licence], holders: dict[str, list[str]]) -> list[str]:
    """What a person has to look at although nothing forbids it."""
    reasons = []
    for licence in licences:
        if licence.family == "custom":
            reasons.append(f"{licence.name} ({joined(holders[licence.name])}) is a licence whose text has to be read.")
        elif licence.family == "weak" and len(licences) > 1:
            reasons.append(
                f"{licence.name} ({joined(holders[licence.name])}) speaks of files and linking, which says little about weights."
            )
    restricted = [licence for licence in licences if licence.family in {"community", "research", "non_commercial"}]
    kinds = {licence.family for licence in restricted}
    if len(restricted) > 1 and (kinds != {"non_commercial"}):
        reasons.append(f"{joined([licence.name for licence in restricted])} bind the result together.")
    locked = [licence for licence in licences if licence.family == "share_alike"]
    if len(locked) > 1:
        reasons.append(
            f"{joined([licence.name for licence in locked])} each ask for the result to be under themselves."
        )
    return reasons

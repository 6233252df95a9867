"""The licence of a result, by operation and inputs. Nothing is ever assumed: what is not declared stays unknown.

Adding an input never relaxes the verdict, and neither order nor repetition of inputs matters. One exception is none:
a distillation without a student trains a new model, and naming a student says which model it is.
"""

from collections.abc import Sequence
from itertools import combinations, product
from typing import Any, cast

from workers.contracts.plans import LicenceVerdict
from workers.planning.licences.expressions import LIMIT, choices_of
from workers.planning.licences.mix import Held, Issue, LicenceInput, Mix, hindrance
from workers.planning.licences.notice import notice_text
from workers.planning.licences.operations import OPERATIONS, effect_of
from workers.planning.licences.proposals import proposal_issues
from workers.planning.licences.table import licence_get
from workers.planning.wording import joined

COMBINED = "LicenseRef-combined"
SEVERITY = {"allow": 0, "allow_with_obligations": 1, "review": 2, "unknown": 3, "deny": 4}
# A card that says `other` and names nothing has declared nothing.
_NAMELESS = {"LicenseRef-other", "LicenseRef-custom", "LicenseRef-proprietary"}
# From this rank on a permissive licence asks for credit to be given, not only for its notice to be kept.
CREDIT_RANK = 18


def licence_judge(
    operation: str, inputs: Sequence[LicenceInput], *, is_public: bool = False, proposed: str = ""
) -> LicenceVerdict:
    """Of licences joined by OR the branch that allows most is taken, AND binds to both.

    `is_public`: the result is to be passed on, for which a missing licence gives no permission.
    `proposed` is the SPDX expression the maker wants the result under, "" to be told which one it is.
    """
    if operation not in OPERATIONS:
        raise ValueError(f"the operation table has no {operation}")
    entries = [entry for entry in dict.fromkeys(inputs) if effect_of(operation, entry.role) != "none"]
    if not entries:
        if operation == "evaluate":
            return LicenceVerdict(verdict="allow", reasons=(_NOTHING,), operation=operation)
        return LicenceVerdict(operation=operation)
    data = [entry for entry in entries if effect_of(operation, entry.role) == "data"]
    parts = [entry for entry in entries if entry not in data]
    unsaid = [entry for entry in parts if not entry.licence or entry.licence in _NAMELESS]
    said = [entry for entry in parts if entry not in unsaid]
    # `pending` hold whatever the choice is
    pending = [*_unsaid_issues(unsaid, is_public=is_public), *_data_issues(data)]
    verdicts = [
        _judge(operation, chosen, pending, data, unsaid, proposed=proposed, is_choice_open=is_open)
        for chosen, is_open in _chosen(said)
    ]
    return min(verdicts, key=lambda found: (SEVERITY[found.verdict], licence_get(found.licence).rank, found.licence))


_NOTHING = "Measuring makes nothing that a licence could bind."


def _chosen(said: Sequence[LicenceInput]) -> list[tuple[list[Held], bool]]:
    """Every way to choose among licences joined by OR; where there are too many, all of them bind and a person chooses."""
    branches = [choices_of(entry.licence) or ((entry.licence,),) for entry in said]
    total = 1
    for branch in branches:
        total *= len(branch)
    if total > LIMIT:
        everything = [
            Held(entry, licence_get(name))
            for entry, branch in zip(said, branches, strict=True)
            for name in sorted({name for choice in branch for name in choice})
        ]
        return [(everything, True)]
    return [
        ([Held(entry, licence_get(name)) for entry, choice in zip(said, chosen, strict=True) for name in choice], False)
        for chosen in product(*branches)
    ]


def _judge(
    operation: str, held: list[Held], pending: list[Issue], data: list[LicenceInput], unsaid: list[LicenceInput], *,
    proposed: str, is_choice_open: bool,
) -> LicenceVerdict:  # fmt: skip
    by_effect: dict[str, list[Held]] = {}
    for one in held:
        effect = effect_of(operation, one.entry.role)
        by_effect.setdefault(
            "learnt" if effect == "outputs" and one.licence.outputs == "derivative" else effect, []
        ).append(one)
    made_of = [one for effect in ("derivative", "adapter", "learnt") for one in by_effect.get(effect, [])]
    aside = by_effect.get("aggregate", [])
    mix, beside, teachers = Mix.of(made_of), Mix.of(aside), Mix.of(by_effect.get("outputs", []))
    adapted = {one.entry for one in by_effect.get("adapter", [])}
    students = [one for one in made_of if one.entry.role in {"student", "base", "model"}]
    issues = [
        *_mix_issues(mix, adapted),
        *_beside_issues(beside),
        *_output_issues(operation, teachers, students),
        *pending,
    ]
    if is_choice_open:
        issues.append(
            Issue("review", "The licences are combined in a way that a person has to read.", tuple(held), "OR")
        )
    issues += proposal_issues(mix, proposed)
    duties = _duties(mix, beside, teachers)
    everyone = Mix.of([*made_of, *aside])
    is_light = not any(teacher.outputs == "named" for teacher in teachers.licences) and all(
        licence.family == "free" or (licence.family == "permissive" and licence.rank < CREDIT_RANK)
        for licence in everyone.licences
    )
    level = max(
        (issue.level for issue in issues),
        key=SEVERITY.__getitem__,
        default="allow" if is_light else "allow_with_obligations",
    )
    licence = "" if level in {"deny", "unknown"} else proposed or _result(mix, beside, is_settled=level != "review")
    reasons = _reasons(level, licence, issues, duties, has_parts=bool(held))
    binding = _binding(operation, everyone, teachers, unsaid)
    return LicenceVerdict(
        verdict=cast(Any, level), licence=licence, reasons=reasons, binding=binding, operation=operation,
        blocking=tuple(link for issue in issues if issue.level == level for link in issue.links()),
        obligations=duties, notice=notice_text(licence, [*everyone.holders.items(), *teachers.holders.items()], [*unsaid, *data], duties),
    )  # fmt: skip


def _reasons(
    level: str, licence: str, issues: list[Issue], duties: tuple[str, ...], *, has_parts: bool
) -> tuple[str, ...]:
    """The strictest first; where nothing stops the result, its licence and what has to be done."""
    if issues:
        return tuple(dict.fromkeys(issue.reason for issue in sorted(issues, key=lambda issue: -SEVERITY[issue.level])))
    named = f"The result will be {licence}." if licence else "The result's licence is yours to choose."
    return (named if has_parts else "The model is new: its licence is yours to choose.", *duties)


def _result(mix: Mix, beside: Mix, *, is_settled: bool) -> str:
    names = {licence.name for licence in (*mix.licences, *beside.licences)}
    if len(names) <= 1:
        return next(iter(names), "")
    if beside.licences or not is_settled:
        return COMBINED
    top = mix.licences[-1].name
    # What GPL-2.0 cannot take up, its later version can.
    if top == "GPL-2.0-or-later" and any(licence.gpl == 3 for licence in mix.licences):
        return "GPL-3.0-or-later"
    return top


def _duties(mix: Mix, beside: Mix, teachers: Mix) -> tuple[str, ...]:
    """What the maker has to do, the strictest first, with the inputs that ask for it where not all do."""
    found = []
    several = len(mix.licences) + len(beside.licences) + len(teachers.licences) > 1
    for part in (mix, beside):
        for licence in reversed(part.licences):
            for sentence in (*licence.duties, licence.thresholds, licence.geography):
                if sentence:
                    found.append(f"{sentence.rstrip('.')}{f', because of {part.who(licence)}' if several else ''}.")
    for licence in teachers.licences:
        if licence.outputs == "named":
            found.append(
                f"The result's name must start with “{licence.name_prefix}”, because it learned from {teachers.who(licence)}."
            )
    return tuple(dict.fromkeys(found))


def _binding(operation: str, everyone: Mix, teachers: Mix, unsaid: list[LicenceInput]) -> tuple[dict[str, str], ...]:
    rows = [
        {"name": held.entry.name, "licence": licence.name, "clause": licence.clause or licence.name, "role": held.entry.role,
         "effect": effect_of(operation, held.entry.role), "commit": held.entry.commit, "repo": held.entry.repo}
        for part in (everyone, teachers) for licence in reversed(part.licences) for held in part.holders[licence.name]
        if part is everyone or licence.outputs != "allowed"
    ]  # fmt: skip
    rows += [
        {"name": entry.name, "licence": "", "clause": "no licence declared", "role": entry.role,
         "effect": effect_of(operation, entry.role), "commit": entry.commit, "repo": entry.repo}
        for entry in unsaid
    ]  # fmt: skip
    return tuple(rows)


def _unsaid_issues(unsaid: list[LicenceInput], *, is_public: bool) -> list[Issue]:
    """A missing licence is no permission: what is made of it stays unknown, and may not be passed on."""
    if not unsaid:
        return []
    names = list(dict.fromkeys(entry.name for entry in unsaid))
    held = tuple(Held(entry, licence_get("")) for entry in unsaid)
    verb = "declares" if len(names) == 1 else "declare"
    issues = [
        Issue("unknown", f"{joined(names)} {verb} no licence, so the result has none yet.", held, "no licence declared")
    ]
    if is_public:
        reason = f"{joined(names)} {verb} no licence, which gives nobody the permission to pass the result on."
        issues.append(Issue("deny", reason, held, "no licence declared"))
    return issues


def _data_issues(data: list[LicenceInput]) -> list[Issue]:
    """What a dataset's licence means for a model trained on it is not settled: never a conflict, always a question."""
    issues = []
    for entry in data:
        names = [name for choice in choices_of(entry.licence) for name in choice] if entry.licence else []
        rows = [licence_get(name) for name in names]
        if rows and all(row.is_verified and row.is_commercial and row.allows_derivatives for row in rows):
            continue
        named = f"is under {entry.licence}" if entry.licence else "declares no licence"
        reason = f"{entry.name} {named}. What that means for a model trained on it is not settled."
        issues.append(
            Issue("review", reason, (Held(entry, licence_get(entry.licence)),), entry.licence or "no licence declared")
        )
    return issues


def _mix_issues(mix: Mix, adapted: set[LicenceInput]) -> list[Issue]:
    issues = []
    for licence in mix.licences:
        if not licence.allows_derivatives:
            where = licence.where("derivatives")
            if all(held.entry in adapted for held in mix.holders[licence.name]):
                reason = f"{mix.who(licence)} is under {licence.name}: whether an adapter published alone is made of it is not settled."
                issues.append(mix.issue("review", reason, where, licence))
            else:
                reason = f"{mix.who(licence)} is under {licence.name}: nothing made of it may be passed on."
                issues.append(mix.issue("deny", reason, where, licence))
    for one, other in combinations(mix.licences, 2):
        found = hindrance(one, other)
        if found is not None:
            level, why, clauses = found
            head = f"{mix.named(one)} and {mix.named(other)}"
            reason = f"{head} cannot both be kept in one model: {why}." if level == "deny" else f"{head}: {why}."
            issues.append(mix.issue(level, reason, clauses, one, other))
    return [*issues, *_questions(mix)]


def _questions(mix: Mix) -> list[Issue]:
    """What a person has to look at although nothing forbids it."""
    issues = []
    for licence in mix.licences:
        if not licence.is_verified:
            issues.append(
                mix.issue(
                    "review", f"{mix.named(licence)} is a licence whose text has to be read.", licence.clause, licence
                )
            )
        elif licence.copyleft == "weak" or (licence.copyleft == "file" and len(mix.licences) > 1):
            reason = f"{mix.named(licence)} speaks of files and linking, which says little about weights."
            issues.append(mix.issue("review", reason, licence.clause, licence))
    restricted = [licence for licence in mix.licences if licence.is_restricted]
    if len(restricted) > 1 and {licence.family for licence in restricted} != {"non_commercial"}:
        reason = f"{joined([mix.named(licence) for licence in restricted])} bind the result together."
        clauses = "; ".join(licence.where("restrictions") for licence in restricted)
        issues.append(mix.issue("review", reason, clauses, *restricted))
    return issues


def _beside_issues(beside: Mix) -> list[Issue]:
    """Parts that lie beside each other keep their licences; what uses them together may still be bound."""
    issues = []
    for licence in beside.licences:
        if not licence.is_verified:
            issues.append(
                beside.issue(
                    "review",
                    f"{beside.named(licence)} is a licence whose text has to be read.",
                    licence.clause,
                    licence,
                )
            )
        elif licence.copyleft in {"strong", "network"} and len(beside.licences) > 1:
            reason = (
                f"{beside.named(licence)} does not spread to parts beside it, but may to code that uses them together."
            )
            issues.append(beside.issue("review", reason, licence.clause, licence))
    return issues


def _output_issues(operation: str, teachers: Mix, students: list[Held]) -> list[Issue]:
    """What each teacher's licence says of models that learned from its outputs."""
    issues = []
    for licence in teachers.licences:
        where = licence.where("outputs")
        if licence.outputs == "own_family_only":
            if operation == "synthesise":
                reason = f"{teachers.named(licence)}: the data may only improve models of the same family."
                issues.append(teachers.issue("review", reason, where, licence))
            elif not students or any(student.licence.name != licence.name for student in students):
                reason = f"{teachers.named(licence)} may not be used to improve a model of another family."
                issues.append(teachers.issue("deny", reason, where, licence))
        elif licence.outputs == "unsettled":
            reason = f"{teachers.named(licence)}: what its licence means for a model that learned from its outputs is not settled."
            issues.append(teachers.issue("review", reason, where, licence))
    return issues

"""Task vectors as sources of a merge: each stands for the model that it makes with the base of the recipe."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from workers.contracts.facts import RepoFacts
from workers.contracts.findings import Finding, Severity
from workers.contracts.methods import Method
from workers.contracts.plans import Plan
from workers.planning.bases import base_text
from workers.planning.deltas import applied, misfit, other_base
from workers.planning.members import Member
from workers.planning.wording import add, finding, remove

_CONSEQUENCE = "A change means something only on the weights that it was taken from."


@dataclass
class Vectors:
    """`members` with task vectors seen as whole models, and without those that cannot be; `positions` are theirs."""

    members: list[Member]
    positions: set[int] = field(default_factory=set)
    findings: list[Finding] = field(default_factory=list)

    def without(self, findings: Sequence[Finding]) -> list[Finding]:
        """A base that a method has no use for is needed all the same where task vectors are applied to it."""
        needed = self.positions or any(found.code == "missing_base" for found in self.findings)
        return [found for found in findings if not needed or found.code not in {"base_not_needed", "missing_base"}]

    def planned(self, plan: Plan) -> Plan:
        """Config and tokenizer of a task vector are those of its base."""
        if not self.positions:
            return plan
        copied = ((0 if source in self.positions else source, path) for source, path in plan.copied_files)
        return plan.model_copy(
            update={"deltas": tuple(sorted(self.positions)), "copied_files": tuple(dict.fromkeys(copied))}
        )


def vectors_apply(members: Sequence[Member], method: Method) -> Vectors:
    base = next((member for member in members if member.source is None), None)
    held = base.facts if base is not None else None
    result = Vectors([])
    for member in members:
        if member.source is None or member.facts is None or member.facts.artifact != "task_vector":
            result.members.append(member)
            continue
        found = _refusal(member, member.facts, base, held, method)
        if found is not None:
            result.findings.append(found)
            continue
        if held is None:
            continue  # the base has its own finding
        severity, differs = other_base(member.facts, held)
        if differs:
            result.findings.append(_elsewhere(member, member.facts, base, severity, differs))
        if differs and severity == "error":
            continue
        result.positions.add(member.position)
        result.members.append(replace(member, facts=applied(member.facts, held)))
    return result


def _elsewhere(member: Member, facts: RepoFacts, base: Member | None, severity: Severity, differs: str) -> Finding:
    message = f"{member.name} {differs}"
    if severity == "warning":
        consequence = "The job compares tensor by tensor, and stops where they differ."
        return finding("other_base", "warning", member.path, message, consequence)
    declared = base_text(facts)
    ways = [remove(member.path, "Remove this source")]
    if declared and base is not None and base.text != declared:
        ways = [add(("base",), declared, f"Use {declared} as the base"), *ways]
    return finding("other_base", "error", member.path, message, _CONSEQUENCE, ways)


def _refusal(
    member: Member, facts: RepoFacts, base: Member | None, held: RepoFacts | None, method: Method
) -> Finding | None:
    repair = [remove(member.path, "Remove this source")]
    if method.learn and not method.takes_base:
        message = f"{member.name} is a task vector, and {method.label} has no base that it could be applied to."
        consequence = "Apply it first: a merge by task arithmetic with the weight 1 makes a whole model of it."
        return finding("wrong_artifact", "error", member.path, message, consequence, repair)
    if base is None:
        message = f"{member.name} is a task vector: a change of a base, which the recipe has to name."
        declared = base_text(facts)
        ways = [add(("base",), declared, f"Use {declared} as the base")] if declared else []
        return finding("missing_base", "error", ("base",), message, repair=[*ways, *repair])
    if held is None or held.artifact not in {"model", "unknown"}:
        return None
    code, reason = misfit(facts, held)
    if code:
        message = f"{member.name} {reason}"
        return finding(code, "error", member.path, message, f"It cannot be applied to {base.name}.", repair)
    return None

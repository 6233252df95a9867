"""Findings about each model of a merge by itself: is it there, is it a whole model, is it given twice?"""

from collections.abc import Iterable

from workers.contracts.facts import RepoFacts
from workers.contracts.findings import Finding
from workers.contracts.methods import Method
from workers.contracts.references import PLUS
from workers.planning.members import Member
from workers.planning.wording import NO_SUCH_ENTRY, add, counted, finding, remove

_NOUNS = {
    "adapter": "an adapter", "task_vector": "a task vector", "learngene": "a learngene", "family": "a family",
    "composition": "a composition", "pack": "a compressed delta", "learnware": "a learnware",
}  # fmt: skip

# What the index promises and no file holds.
_WHOLE = frozenset({"shard_missing", "index_tensor_lost"})


def entry_findings(members: list[Member], method: Method) -> tuple[list[Finding], set[int]]:
    """Findings, and the positions of the members that cannot be compared any further."""
    findings: list[Finding] = []
    unusable: set[int] = set()
    for member in members:
        found = _unusable(member)
        if found is not None:
            findings.append(found)
            unusable.add(member.position)
            continue
        findings += _flaws(member)
    findings += _base_findings(members, method)
    findings += _repeated(members)
    return findings, unusable


def _unusable(member: Member) -> Finding | None:
    facts = member.facts
    repair = [] if member.source is None else [remove(member.path, "Remove this source")]
    if facts is None:
        reason = "It has not been imported into this hub" if member.text.startswith("hf:") else NO_SUCH_ENTRY
        return finding("not_found", "error", member.path, f"{reason}: {member.text}.", repair=repair)
    if facts.repo_type == "dataset":
        return finding(
            "wrong_artifact", "error", member.path, f"{member.name} is a dataset. A merge takes models.", repair=repair
        )
    if facts.artifact in _NOUNS:
        message = f"{member.name} is {_NOUNS[facts.artifact]}. A merge takes whole models of one shape."
        return finding("wrong_artifact", "error", member.path, message, _instead(facts), repair)
    if not facts.tensors:
        return finding("no_weights", "error", member.path, f"{member.name} holds no safetensors weights.",
                       "Weights in other formats are not read.", repair)  # fmt: skip
    lost = next((flaw for flaw in facts.flaws if flaw.code in _WHOLE), None)
    if lost is not None:
        return finding("weights_incomplete", "error", member.path, f"{member.name} is incomplete. {lost.message}",
                       "What is missing would be made from the other models alone.", repair)  # fmt: skip
    missing = missing_shards(facts)
    if missing:
        message = f"{member.name} is incomplete: {counted(missing, 'weight file')} of its index {'is' if missing == 1 else 'are'} missing."
        return finding("weights_incomplete", "error", member.path, message, repair=repair)
    if facts.config.get("quantization_config"):
        message = f"{member.name} is quantised. Its stored numbers are codes and cannot be averaged."
        return finding("quantised", "error", member.path, message, "Take the entry it was made from.", repair)
    return None


def _flaws(member: Member) -> list[Finding]:
    """What was noticed of the weight files and stands in no one's way: the headers are read, not the index."""
    flaws = member.facts.flaws if member.facts is not None else ()
    return [
        finding(flaw.code, "warning", member.path, f"{member.name}: {flaw.message}", flaw.consequence) for flaw in flaws
    ]


def _instead(facts: RepoFacts) -> str:
    if facts.artifact == "adapter" and facts.base:
        return (
            f"It changes {facts.base[0]} and holds {counted(len(facts.tensors), 'tensor')} of its own, not the model's. "
            "Adapters are combined by the methods called adapter_cat, adapter_svd and so on."
        )
    return ""


def missing_shards(facts: RepoFacts) -> int:
    """How many files `model-00001-of-0000N.safetensors` speaks of and does not have beside it."""
    folders: dict[str, set[str]] = {}
    for tensor in facts.tensors.values():
        folders.setdefault(tensor.file.rpartition("/")[0], set()).add(tensor.file)
    return sum(_missing_of(present) for present in folders.values())


def _missing_of(present: set[str]) -> int:
    counts = {name.rpartition("-of-")[2].removesuffix(".safetensors") for name in present if "-of-" in name}
    if len(counts) != 1:
        return 0
    text = counts.pop()
    return max(0, int(text) - len(present)) if text.isdigit() and len(text) <= 6 else 0


def _base_findings(members: list[Member], method: Method) -> list[Finding]:
    base = next((member for member in members if member.source is None), None)
    if base is None and method.needs_base:
        declared = _declared(member.facts for member in members)
        message = f"{method.label} needs a base: the model that the sources were made from."
        if declared:
            message += f" They say it is {declared}."
        repair = [add(("base",), declared, f"Use {declared} as the base")] if declared else []
        return [finding("missing_base", "error", ("base",), message, repair=repair)]
    if base is not None and not method.takes_base:
        message = f"{method.label} does not use a base. {base.name} does not go into the result."
        return [
            finding("base_not_needed", "warning", ("base",), message, repair=[remove(("base",), "Remove the base")])
        ]
    return []


def _declared(facts: Iterable[RepoFacts | None]) -> str:
    """The base that all sources declare, where they declare one and the same."""
    declared = {entry.base for entry in facts if entry is not None}
    only = declared.pop() if len(declared) == 1 else ()
    return only[0] if len(only) == 1 else ""


def _repeated(members: list[Member]) -> list[Finding]:
    findings = []
    seen: dict[tuple[str, str], Member] = {}
    for member in members:
        key = _identity(member)
        first = seen.setdefault(key, member)
        if first is member:
            continue
        if first.source is None:
            message = f"{member.name} is the base itself: its change is zero."
            left = "It is left out." if member.text == first.text else "It only dilutes the other sources."
            findings.append(
                finding("source_equals_base", "warning", member.path, message, left,
                        [remove(member.path, "Remove this source")])
            )  # fmt: skip
        else:
            message = f"{member.name} is given twice, as source {first.source + 1} and {(member.source or 0) + 1}."
            findings.append(
                finding("duplicate_source", "error", member.path, message, "It would count double. Raise its weight if that is meant.",
                        [remove(member.path, "Remove this source")])
            )  # fmt: skip
    return findings


def _identity(member: Member) -> tuple[str, str]:
    facts = member.facts
    # A model with an adapter on it is another one than the model alone.
    is_one = facts is not None and facts.commit and PLUS not in member.text
    return (facts.repo, facts.commit) if facts is not None and is_one else ("", member.text)

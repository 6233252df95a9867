"""Licence verdicts on the pages, as they were when the job was submitted; and the licence table for people to read."""

from typing import Any

from pydantic import ValidationError

from workers.contracts.plans import LicenceVerdict
from workers.planning.licences import LICENCES, OPERATIONS, Licence

_OUTPUTS = {
    "allowed": "free to use", "own_family_only": "only for its own family", "derivative": "make a derivative",
    "named": "free, the name rule applies", "unsettled": "not settled",
}  # fmt: skip
_EFFECTS = {
    "derivative": "the result is made of it", "adapter": "the result changes it", "outputs": "its clause on outputs", "aggregate": "keeps its own licence",
    "data": "a question, never a conflict", "none": "binds nothing",
}  # fmt: skip


def verdict_read(raw: Any) -> LicenceVerdict | None:
    """SECURITY: a manifest may come from an upload. What is no verdict is not shown, and none that says nothing."""
    try:
        verdict = LicenceVerdict.model_validate(raw)
    except ValidationError:
        return None
    return verdict if verdict.reasons or verdict.binding else None


def licence_rows() -> list[dict[str, Any]]:
    return [
        {"licence": row, "terms": _terms(row), "outputs": _OUTPUTS[row.outputs]}
        for row in sorted(LICENCES.values(), key=lambda row: (row.rank, row.name))
    ]


def _terms(row: Licence) -> str:
    words = [*row.duties, row.thresholds, row.geography]
    if row.ends_on_patent_suit:
        words.append("Its patent grant ends for whoever sues over patents.")
    return " ".join(word for word in words if word) or "It asks for nothing."


def operation_rows() -> list[dict[str, Any]]:
    """Which effect each kind of operation gives its inputs; roles with one effect stand together."""
    rows = []
    for name, (label, effects) in OPERATIONS.items():
        by_effect: dict[str, list[str]] = {}
        for role, effect in effects.items():
            by_effect.setdefault(_EFFECTS[effect], []).append(role)
        rows.append(
            {"name": name, "label": label, "effects": [(", ".join(roles), words) for words, roles in by_effect.items()]}
        )
    return rows

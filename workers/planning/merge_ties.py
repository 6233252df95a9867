"""Findings about heads and embeddings: shared in one model and apart in another, or of another size than config.json says."""

from collections.abc import Sequence

from workers.contracts.findings import Finding
from workers.planning.members import Known
from workers.planning.ties import HEADS, stand_in
from workers.planning.wording import finding, number


def tie_findings(reference: Known, others: Sequence[Known]) -> list[Finding]:
    """The result is built like `reference`."""
    findings = _rows(reference)
    heads = [name for name in HEADS if name in reference.facts.tensors]
    for other in others:
        for name in heads:
            key, fact = stand_in(other, name)
            if key == name or fact is None:
                continue
            message = f"{other.name} shares its head with its embeddings, {reference.title} has a head of its own: {key} stands in for {name}."
            consequence = "The result has a head of its own, made from one model's head and another's embeddings."
            findings.append(finding("tied_head_mixed", "warning", other.path, message, consequence))
    return findings


def _rows(model: Known) -> list[Finding]:
    wanted = model.shape.vocabulary
    for name in dict.fromkeys(key for keys in HEADS.values() for key in keys):
        fact = model.facts.tensors.get(name)
        if fact is None or not wanted or not fact.shape or fact.shape[0] == wanted:
            continue
        message = (
            f"config.json of {model.name} speaks of {number(wanted)} tokens, {name} has {number(fact.shape[0])} rows."
        )
        return [
            finding(
                "config_misfit",
                "warning",
                model.path,
                message,
                "The result says the same, and libraries may refuse to load it.",
            )
        ]
    return []

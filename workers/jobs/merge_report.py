"""The report of a merge: what each tensor's sources were, how much of them stayed, where they agreed, what it cost."""

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from workers.contracts.jobs import Input
from workers.contracts.plans import Plan
from workers.jobs.merge_card import name_of

if TYPE_CHECKING:
    from workers.engine.execute import Outcome

PER_VECTOR = ("norms", "cosines", "kept")


def report_of(plan: Plan, models: Sequence[Input], outcome: "Outcome", cost: dict[str, Any]) -> dict[str, Any]:
    """`tensors` holds one row per merged tensor; `norms`, `cosines` and `kept` are in the order of `vectors`.

    A vector is a source minus the base; for methods that look at whole models (`relative_to: origin`) a model itself.
    """
    has_base = any(step.has_base for step in plan.steps)
    is_whole = plan.method == "slerp" or not has_base
    compared = [place for place, item in enumerate(models) if item.role == "source" or plan.method == "slerp"]
    tensors = _aligned(plan, outcome.tensors, compared)
    return {
        "schema": 1, "kind": "merge", "method": plan.method,
        "vectors": [name_of(models[place]) for place in compared],
        "relative_to": "origin" if is_whole else "base",
        "summary": summary_of(tensors),
        "tensors": tensors,
        "copied": [step.name for step in plan.steps if step.name not in tensors],
        "dropped": [{"model": name_of(models[source]), "tensor": name} for source, name in plan.dropped],
        "findings": [finding.model_dump(mode="json") for finding in outcome.findings],
        "tensor_digest": outcome.digest,
        "inputs": [
            {
                "role": item.role, "reference": name_of(item), "repo": item.facts.repo, "commit": item.facts.commit,
                "files": {file.path: file.sha256 for file in item.files},
            }
            for item in models
        ],
        "cost": cost,
    }  # fmt: skip


def summary_of(tensors: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """The whole model as one vector: lengths, cosines of the result with each source; the mean agreeing share of the tensors."""
    rows = list(tensors.values())
    count = len(rows[0]["norms"]) if rows else 0
    change = math.sqrt(sum((row["norm"] or 0.0) ** 2 for row in rows))
    norms = [math.sqrt(sum((row["norms"][index] or 0.0) ** 2 for row in rows)) for index in range(count)]
    products = [
        sum((row["cosines"][index] or 0.0) * (row["norms"][index] or 0.0) * (row["norm"] or 0.0) for row in rows)
        for index in range(count)
    ]
    agreements = [row["agreement"] for row in rows if row["agreement"] is not None]
    return {
        "norm": change,
        "norms": norms,
        "cosines": [
            product / (norm * change) if norm and change else None
            for product, norm in zip(products, norms, strict=True)
        ],
        "agreement": sum(agreements) / len(agreements) if agreements else None,
        "not_finite": sum(row["bad_results"] for row in rows),
    }


def _aligned(plan: Plan, tensors: Mapping[str, dict[str, Any]], compared: Sequence[int]) -> dict[str, dict[str, Any]]:
    """A source that lacks a tensor has None in that tensor's row."""
    # What the others are measured from is no vector of its own, whichever model it is in a slice.
    first = {step.name: int(step.has_base and plan.method != "slerp") for step in plan.steps}
    inputs = {step.name: [item.source for item in step.inputs[first[step.name] :]] for step in plan.steps}
    rows = {}
    for name, row in tensors.items():
        present = [source for source in inputs[name] if source in compared]
        lists = {
            key: [dict(zip(present, row[key], strict=True)).get(place) for place in compared]
            for key in PER_VECTOR
            if row[key] is not None
        }
        rows[name] = row | lists
    return rows

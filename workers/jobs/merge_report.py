"""The report of a merge: what each tensor's sources were, how much of them stayed, where they agreed, what it cost."""

import math
from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import TYPE_CHECKING, Any

from workers.contracts.jobs import Input
from workers.contracts.plans import Plan
from workers.jobs.merge_card import name_of

if TYPE_CHECKING:
    from workers.engine.execute import Outcome

PER_VECTOR = ("norms", "cosines", "kept", "overruled")


def report_of(plan: Plan, models: Sequence[Input], outcome: "Outcome", cost: dict[str, Any]) -> dict[str, Any]:
    """`tensors` holds one row per merged tensor.

    A vector is a source minus the base; for methods that look at whole models (`relative_to: origin`) a model itself. In the
    order of `vectors`: `norms`, `cosines` with the merged vector (whose own length is `norm`), `kept` shares, and `overruled`,
    the share of a source's entries that the result moves the other way. `pairs` are cosines between two sources, in the order
    (0, 1), (0, 2), …, (1, 2), …, for up to 16 sources. `conflict` is the share of entries in which sources change in opposite
    directions, of those that more than one changed; `agreement` the kept share whose sign won a vote; `lost` the share of
    changed entries that the final cast rounds back to the base. `pairs`, `conflict`, `overruled` and `lost` are counted in the
    share `sampled` of the entries. `bad_inputs` and `bad_results` count entries that are infinite or no number.
    Where there are any, `bad_base` and `bad_sources` say whose they are, and `summary.broken` counts them by model.
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
        "inputs": input_rows(models),
        "cost": cost,
    }  # fmt: skip


def input_rows(models: Sequence[Input]) -> list[dict[str, Any]]:
    return [
        {
            "role": item.role, "reference": name_of(item), "repo": item.facts.repo, "commit": item.facts.commit,
            "files": {file.path: file.sha256 for file in item.files},
        }
        for item in models
    ]  # fmt: skip


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
    between = range(count * (count - 1) // 2)
    pairs = [
        sum(_pair(row, place) * (row["norms"][one] or 0.0) * (row["norms"][other] or 0.0) for row in rows)
        for place, (one, other) in zip(between, combinations(range(count), 2), strict=True)
    ]
    agreements = [row["agreement"] for row in rows if row["agreement"] is not None]
    return {
        "norm": change,
        "norms": norms,
        "cosines": [
            product / (norm * change) if norm and change else None
            for product, norm in zip(products, norms, strict=True)
        ],
        "pairs": [
            product / (norms[one] * norms[other]) if norms[one] and norms[other] else None
            for product, (one, other) in zip(pairs, combinations(range(count), 2), strict=True)
        ]
        if any(row.get("pairs") for row in rows)
        else None,
        "agreement": sum(agreements) / len(agreements) if agreements else None,
        "not_finite": sum(row["bad_results"] for row in rows),
    }


def _pair(row: Mapping[str, Any], place: int) -> float:
    return (row.get("pairs") or {place: None})[place] or 0.0


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
            if row.get(key) is not None
        }
        if row.get("pairs") is not None:
            found = dict(zip(combinations(present, 2), row["pairs"], strict=True))
            lists["pairs"] = [found.get(pair) for pair in combinations(compared, 2)]
        rows[name] = row | lists
    return rows

"""What a combination of adapters leaves beside its factors: adapter_config.json, a head's config.json, the report."""

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workers.contracts.jobs import Input
from workers.contracts.methods import method_get
from workers.contracts.plans import Plan
from workers.jobs.merge_card import name_of
from workers.jobs.merge_report import input_rows, summary_of
from workers.jobs.outputs import write_json
from workers.planning.configs import ADAPTER_CONFIG_FILE

if TYPE_CHECKING:
    from workers.engine.execute import Outcome


def is_combination(plan: Plan) -> bool:
    method = method_get("merge", plan.method)
    return method is not None and method.takes == "adapter"


def carry(plan: Plan, folders: Sequence[Path], out: Path) -> None:
    for source, path in plan.copied_files:
        shutil.copyfile(folders[source] / path, out / path)
    write_json(out / ADAPTER_CONFIG_FILE, plan.config)


def report_of(plan: Plan, models: Sequence[Input], outcome: "Outcome", cost: dict[str, Any]) -> dict[str, Any]:
    """`tensors` holds one row per module: the changes of the sources, unweighted, and of the result.

    `error` is how far the result is from the weighted sum of the changes, as a share of it: 0 for cat, what the rank cuts off
    for svd, cross terms for methods on factors.
    """
    places = [place for place, item in enumerate(models) if item.role == "source"]
    rows = {}
    for step in plan.steps:
        row = outcome.tensors.get(step.name)
        if row is not None:
            present = [item.source for item in step.inputs[::2]]
            lists = {
                key: [dict(zip(present, row[key], strict=True)).get(place) for place in places]
                for key in ("norms", "cosines")
            }
            rows[step.parameters["module"]] = row | lists
    errors = [(row["error"], row["wanted"]) for row in rows.values() if row["error"] is not None]
    wanted = sum(norm**2 for _, norm in errors)
    error = (sum((share * norm) ** 2 for share, norm in errors) / wanted) ** 0.5 if wanted else None
    return {
        "schema": 1, "kind": "merge", "method": plan.method, "vectors": [name_of(models[place]) for place in places],
        "relative_to": "base", "summary": summary_of(rows) | {"error": error}, "tensors": rows,
        "copied": [step.name for step in plan.steps if step.operation == "copy"], "dropped": [],
        "findings": [finding.model_dump(mode="json") for finding in outcome.findings], "tensor_digest": outcome.digest,
        "inputs": input_rows(models), "cost": cost,
    }  # fmt: skip

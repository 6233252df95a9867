"""A mixture of experts: makes its routers from prompts, and what the report says of it."""

import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workers.contracts.findings import Finding
from workers.contracts.jobs import Input
from workers.contracts.methods import method_get
from workers.contracts.plans import Plan
from workers.contracts.ports import Ports
from workers.contracts.recipes import MergeRecipe
from workers.jobs.merge_card import name_of
from workers.jobs.merge_data import REPORT, Learned, learning_key
from workers.jobs.merge_report import input_rows, summary_of

if TYPE_CHECKING:
    from workers.engine.execute import Outcome

ROUTERS = "routers.safetensors"


def is_mixture(plan: Plan) -> bool:
    method = method_get("merge", plan.method)
    return method is not None and method.takes == "expert"


def told(ports: Ports, recipe: MergeRecipe, models: Sequence[Input], folders: Sequence[Path]) -> Learned | None:
    """The routers that prompts make; None where they are drawn by chance. Those of an earlier attempt are used again.

    Raises:
        UserError: the base or its tokenizer cannot be loaded.
        Cancelled: from the ports.
    """
    request = ports.workspace.request
    plan = request.plan
    if plan is None or not any(step.parameters.get("part") == "told" for step in plan.steps):
        return None
    from safetensors.torch import save_file

    from workers.engine.merge.prompts import ALIKE, Prompts, routers
    from workers.jobs.train import settle

    out = ports.workspace.journal / f"learned-{learning_key(request)[:16]}"
    if (out / REPORT).is_file():
        return Learned(out, json.loads((out / REPORT).read_text(encoding="utf-8")))
    settle(request)
    out.mkdir(parents=True, exist_ok=True)
    prompts = {
        index: Prompts(source.positive_prompts, source.negative_prompts) for index, source in enumerate(recipe.sources)
    }
    ports.reporter.step("learn", "started")
    made, rows = routers(
        plan,
        folders[0],
        name_of(models[0]),
        prompts,
        device=request.device,
        reporter=ports.reporter,
        cancel=ports.cancel,
    )
    save_file(made, out / ROUTERS)
    report = {
        "routers": rows,
        "alike": [row["tensor"] for row in rows if row["condition"] is None or row["condition"] > ALIKE],
    }
    draft = out / f"{REPORT}.part"
    with draft.open("w", encoding="utf-8") as file:
        json.dump(report, file, allow_nan=False)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(out / REPORT)
    ports.reporter.step("learn", "finished")
    return Learned(out, report)


def report_of(
    plan: Plan, models: Sequence[Input], outcome: "Outcome", cost: dict[str, Any], made: Learned | None
) -> dict[str, Any]:
    """`mixture` says how many experts there are, which of them was changed, and how well each router tells them apart.

    A router's `condition` is the ratio of its largest to its smallest singular value, None where that is 0; `cosines` are
    those of its rows, in pairs.
    """
    rows = {} if made is None else made.report
    return {
        "schema": 1, "kind": "merge", "method": plan.method,
        "vectors": [name_of(item) for item in models if item.role == "source"], "relative_to": "base",
        "summary": summary_of({}), "tensors": {}, "copied": [step.name for step in plan.steps if step.operation == "copy"],
        "made": [step.name for step in plan.steps if step.operation != "copy"],
        "dropped": [{"model": name_of(models[source]), "tensor": name} for source, name in plan.dropped],
        "mixture": {
            "architecture": plan.config["architectures"][0], "experts_per_token": plan.config["num_experts_per_tok"],
            "experts": plan.config.get("num_local_experts", plan.config.get("num_experts")), "routers": rows.get("routers", []),
        },
        "findings": [finding.model_dump(mode="json") for finding in outcome.findings], "tensor_digest": outcome.digest,
        "inputs": input_rows(models), "cost": cost,
    }  # fmt: skip


def alike(made: Learned | None) -> list[Finding]:
    """A warning where routers hardly tell their experts apart."""
    names = [] if made is None else made.report["alike"]
    if made is None or not names:
        return []
    message = (
        f"{len(names)} of {len(made.report['routers'])} routers hardly tell their experts apart, first {names[0]}."
    )
    return [
        Finding(
            code="routers_alike", severity="warning", where=names[0], stage="run", message=message,
            consequence="Some experts are then rarely chosen. Prompts that differ more, or negative_prompts, help.",
        )
    ]  # fmt: skip

"""MERGE: carries out the plan, and lays beside the weights what a model folder needs."""

import json
import math
import shutil
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workers.contracts.facts import DTYPE_BYTES
from workers.contracts.jobs import Input, JobRequest, JobResult
from workers.contracts.manifests import REPORT_FILE
from workers.contracts.plans import Plan
from workers.contracts.ports import Ports
from workers.contracts.recipes import MergeRecipe
from workers.jobs import merge_card
from workers.jobs.cost import Meter
from workers.jobs.inputs import inputs_of
from workers.jobs.outputs import result_of, write_json

if TYPE_CHECKING:
    from workers.engine.execute import Outcome

CONFIG = "config.json"


def run(ports: Ports) -> JobResult:
    """Leaves weights, config, tokenizer, card, manifest, recipe and report in `out/`."""
    from workers.engine.execute import execute

    request, out = ports.workspace.request, ports.workspace.out
    if request.plan is None:
        raise ValueError("A merge needs the plan that its check made.")
    plan, models = request.plan, models_of(request)
    recipe = MergeRecipe.model_validate(request.recipe)
    folders = [ports.workspace.input_folder(item.role, item.index) for item in models]
    ports.reporter.log(f"Merging {len(plan.steps)} tensors with {plan.method} into {len(plan.shards)} file(s).")
    with Meter() as meter:
        ports.reporter.step("merge", "started")
        outcome = execute(
            plan, folders, out, ports.workspace.journal,
            reporter=ports.reporter, cancel=ports.cancel, threads=request.threads, memory_bytes=request.memory_bytes,
        )  # fmt: skip
        ports.reporter.step("merge", "finished")
        _carry(plan, folders, out)
        cost = meter.cost(read_bytes=outcome.read_bytes, written_bytes=outcome.written_bytes)
    for finding in outcome.findings:
        ports.reporter.log(finding.message, finding.severity)
    report = _report(request, plan, models, outcome, cost)
    write_json(out / REPORT_FILE, report)
    merge_card.write(out, request, recipe, models, plan, outcome.digest)
    return result_of(
        out, metrics=_metrics(report), report=report, tensor_digest=outcome.digest,
        resumed_units=outcome.resumed_units, known=outcome.files,
    )  # fmt: skip


def models_of(request: JobRequest) -> list[Input]:
    """The models in the order in which the plan counts them: the base where there is one, then the sources."""
    return [*inputs_of(request, "base"), *inputs_of(request, "source")]


def _carry(plan: Plan, folders: Sequence[Path], out: Path) -> None:
    """Copies config, tokenizer and the like; config.json says the format of the new weights."""
    for source, path in plan.copied_files:
        target = out / path
        target.parent.mkdir(parents=True, exist_ok=True)
        if path != CONFIG:
            shutil.copyfile(folders[source] / path, target)
            continue
        config = json.loads((folders[source] / path).read_text(encoding="utf-8"))
        dtype = _main_dtype(plan)
        named = [name for name in ("dtype", "torch_dtype") if name in config] or ["dtype"]
        write_json(target, config | dict.fromkeys(named, dtype) if dtype else config)


def _main_dtype(plan: Plan) -> str:
    """The floating format that most bytes of the result are in, as config.json names it."""
    from workers.engine.io.dtypes import SAFETENSORS, dtype_of, recipe_name

    sizes: Counter[str] = Counter()
    for step in plan.steps:
        dtype = dtype_of(step.dtype)
        if dtype.is_floating_point:
            sizes[recipe_name(dtype)] += math.prod(step.shape) * DTYPE_BYTES[SAFETENSORS[dtype]]
    return sizes.most_common(1)[0][0] if sizes else ""


def _report(
    request: JobRequest, plan: Plan, models: Sequence[Input], outcome: "Outcome", cost: dict[str, Any]
) -> dict[str, Any]:
    """`tensors` holds one row per merged tensor; `norms` and `cosines` are in the order of `vectors`."""
    sources = [item for item in models if item.role == "source"]
    has_base = any(step.has_base for step in plan.steps)
    compared = list(models) if plan.method == "slerp" else sources
    return {
        "schema": 1, "kind": "merge", "method": plan.method,
        "vectors": [merge_card.name_of(item) for item in compared],
        "relative_to": "base" if has_base and plan.method != "slerp" else "origin",
        "summary": summary_of(outcome.tensors),
        "tensors": outcome.tensors,
        "copied": [step.name for step in plan.steps if step.name not in outcome.tensors],
        "dropped": [{"model": merge_card.name_of(models[source]), "tensor": name} for source, name in plan.dropped],
        "findings": [finding.model_dump(mode="json") for finding in outcome.findings],
        "tensor_digest": outcome.digest,
        "inputs": [
            {
                "role": item.role, "reference": merge_card.name_of(item), "repo": item.facts.repo, "commit": item.facts.commit,
                "files": {file.path: file.sha256 for file in item.files},
            }
            for item in models
        ],
        "cost": cost,
    }  # fmt: skip


def summary_of(tensors: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """The whole model as one vector: lengths, cosines of the result with each source, mean kept and agreeing share."""
    rows = list(tensors.values())
    count = max((len(row["norms"]) for row in rows), default=0)
    change = math.sqrt(sum((row["norm"] or 0.0) ** 2 for row in rows))
    norms = [
        math.sqrt(sum((row["norms"][index] or 0.0) ** 2 for row in rows if index < len(row["norms"])))
        for index in range(count)
    ]
    products = [
        sum(
            (row["cosines"][index] or 0.0) * (row["norms"][index] or 0.0) * (row["norm"] or 0.0)
            for row in rows
            if index < len(row["norms"])
        )
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


def _metrics(report: Mapping[str, Any]) -> dict[str, Any]:
    summary = report["summary"]
    cosines = [cosine for cosine in summary["cosines"] if cosine is not None]
    return {
        "tensors": len(report["tensors"]) + len(report["copied"]),
        "mean_cosine": sum(cosines) / len(cosines) if cosines else None,
        "agreement": summary["agreement"],
        "not_finite": summary["not_finite"],
        "wall_s": report["cost"]["wall_s"],
        "peak_memory_bytes": report["cost"]["peak_memory_bytes"],
    }

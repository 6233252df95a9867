"""MERGE: carries out the plan, and lays beside the weights what a model folder needs."""

import json
import math
import os
import shutil
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from workers.contracts.errors import UserError
from workers.contracts.facts import DTYPE_BYTES
from workers.contracts.jobs import Input, JobRequest, JobResult
from workers.contracts.manifests import REPORT_FILE
from workers.contracts.methods import method_get
from workers.contracts.plans import Plan
from workers.contracts.ports import Ports
from workers.contracts.recipes import MergeRecipe
from workers.jobs import (
    merge_adapted,
    merge_adapters,
    merge_barrier,
    merge_card,
    merge_data,
    merge_experts,
    merge_report,
    merge_search,
)
from workers.jobs.chat_template import template_write
from workers.jobs.cost import Meter
from workers.jobs.inputs import inputs_of
from workers.jobs.merge_broken import broken_named
from workers.jobs.outputs import result_of, write_json
from workers.jobs.tokenizer import tokenizer_report, tokenizer_write
from workers.planning.devices import ON_GPU
from workers.planning.estimate import merge_place

CONFIG = "config.json"
# Names the kernels to be used, wherever they pay: see `kernels.dispatch`.
OVERRIDE = "GENEPOOL_KERNELS"


def run(ports: Ports) -> JobResult:
    """Leaves weights, config, tokenizer, card, manifest, recipe and report in `out/`."""
    from kernels.compiled.library import library
    from kernels.dispatch import implementation
    from workers.engine.execute import execute

    try:
        if implementation() == "compiled":
            library()
    except (
        ValueError,
        ImportError,
        OSError,
    ) as error:  # what the environment asks for, or the installation left behind
        raise UserError(str(error)) from None

    request, out = ports.workspace.request, ports.workspace.out
    if request.plan is None:
        raise ValueError("A merge needs the plan that its check made.")
    plan, models = request.plan, models_of(request)
    asked = recipe = MergeRecipe.model_validate(request.recipe)
    every = [*models, *inputs_of(request, "adapter")]
    folders = [ports.workspace.input_folder(item.role, item.index) for item in every]
    with Meter() as meter:
        found = merge_search.search(ports, recipe, models, folders)
        if found is not None:
            recipe, plan = found.recipe, found.plan
            request = request.model_copy(update={"recipe": recipe.model_dump(mode="json"), "plan": plan})
        ports.reporter.log(f"Merging {len(plan.steps)} tensors with {plan.method} into {len(plan.shards)} file(s).")
        is_mixture = merge_experts.is_mixture(plan)
        prepare = merge_experts.told if is_mixture else merge_data.learn
        learning = prepare(ports, recipe, models, folders)
        ports.reporter.step("merge", "started")
        outcome = execute(
            plan, folders, out, ports.workspace.journal,
            reporter=ports.reporter, cancel=ports.cancel, threads=request.threads, memory_bytes=request.memory_bytes,
            learned=None if learning is None else learning.folder, device=_device(ports, plan),
            hash_files=request.hash_files,
        )  # fmt: skip
        ports.reporter.step("merge", "finished")
        if merge_adapters.is_combination(plan):
            merge_adapters.carry(plan, folders, out)
        else:
            _carry(plan, folders, out)
            tokenizer_write(plan, folders, out)
            template_write(plan, folders, out)
        barrier = merge_barrier.measure(ports, asked, recipe, plan, models, folders, out, outcome.digest)
        cost = meter.cost(read_bytes=outcome.read_bytes, written_bytes=outcome.written_bytes)
    outcome.findings += merge_experts.alike(learning) if is_mixture else []
    broken = broken_named(plan, merge_adapted.shown(plan, every, len(models)), outcome)
    for finding in outcome.findings:
        ports.reporter.log(finding.message, finding.severity)
    if is_mixture:
        report = merge_experts.report_of(plan, merge_adapted.shown(plan, every, len(models)), outcome, cost, learning)
    else:
        reporting = merge_adapters if merge_adapters.is_combination(plan) else merge_report
        report = reporting.report_of(plan, merge_adapted.shown(plan, every, len(models)), outcome, cost)
    if broken:
        report["summary"] |= {"broken": broken}
    report |= {"inputs": merge_report.input_rows(every)}
    if learning is not None and not is_mixture:
        report |= {"learning": learning.report}
    if found is not None:
        report |= {"search": found.report}
    if barrier is not None:
        report |= {"barrier": barrier}
    if plan.vocabulary is not None:
        report |= {"vocabulary": tokenizer_report(plan, folders)}
    write_json(out / REPORT_FILE, report)
    merge_card.write(out, merge_barrier.without_data(request, asked), recipe, every, plan, report)
    return result_of(
        out, metrics=_metrics(report), report=report, tensor_digest=outcome.digest,
        resumed_units=outcome.resumed_units + (0 if found is None else found.report["resumed_trials"]), known=outcome.files,
    )  # fmt: skip


def _device(ports: Ports, plan: Plan) -> str:
    """The request's device where a GPU beats the disk for this plan, or where its kernels are asked for by name; else the CPU."""
    device, method = ports.workspace.request.device, method_get("merge", plan.method)
    asked = os.environ.get(OVERRIDE)
    if not device.startswith("cuda") or method is None or asked == "cpu":
        return "cpu"
    place = merge_place(plan, method)
    ports.reporter.log(place.reason)
    return device if place.merges or (asked and plan.method in ON_GPU) else "cpu"


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
        for key, value in plan.config.items():
            _set(config, key, value)
        dtype = _main_dtype(plan)
        named = [name for name in ("dtype", "torch_dtype") if name in config] or ["dtype"]
        write_json(target, config | dict.fromkeys(named, dtype) if dtype else config)


def _set(config: dict[str, Any], key: str, value: Any) -> None:
    *path, last = key.split(".")
    for part in path:
        config = config[part]
    config[last] = value


def _main_dtype(plan: Plan) -> str:
    """The floating format that most bytes of the result are in, as config.json names it."""
    from kernels.raw import FLOATING, FORMATS
    from workers.engine.io.dtypes import format_named

    sizes: Counter[str] = Counter()
    for step in plan.steps:
        stored = format_named(step.dtype)
        if stored in FLOATING:
            sizes[FORMATS[stored]] += math.prod(step.shape) * DTYPE_BYTES[stored]
    return sizes.most_common(1)[0][0] if sizes else ""


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

"""EXTRACT: stores what a fine-tune changed, and lays beside it what a task vector or an adapter needs."""

import math
from collections import Counter
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from workers.contracts.errors import UserError
from workers.contracts.findings import Finding
from workers.contracts.jobs import Input, JobRequest, JobResult
from workers.contracts.manifests import REPORT_FILE
from workers.contracts.plans import Plan
from workers.contracts.ports import Ports
from workers.contracts.recipes import ExtractRecipe
from workers.jobs import extract_card
from workers.jobs.cost import Meter
from workers.jobs.inputs import inputs_of, inputs_rows
from workers.jobs.merge_card import name_of
from workers.jobs.outputs import result_of, write_json
from workers.planning.configs import ADAPTER_CONFIG_FILE
from workers.planning.deltas import CONFIG_FILE, WEIGHTS_FILE

ADAPTER_WEIGHTS = "adapter_model.safetensors"
Notes = Mapping[str, dict[str, Any]]


def run(ports: Ports) -> JobResult:
    """Leaves the weights, their description, card, manifest, recipe and report in `out/`.

    Raises:
        UserError: whole numbers differ between the models; nothing changed; a change cannot be decomposed.
        Cancelled: from the ports.
    """
    import torch

    from workers.engine.execute import plan_digest
    from workers.engine.extract.change import take
    from workers.engine.extract.units import assemble
    from workers.engine.io.journal import Journal
    from workers.engine.io.reader import Reader

    request, out = ports.workspace.request, ports.workspace.out
    if request.plan is None:
        raise ValueError("An extraction needs the plan that its check made.")
    plan, recipe = request.plan, ExtractRecipe.model_validate(request.recipe)
    (base,), (tuned,) = inputs_of(request, "base"), inputs_of(request, "model")
    is_adapter = recipe.layout == "adapter"
    torch.set_num_threads(1)
    readers = [Reader(ports.workspace.input_folder("base", 0)), Reader(ports.workspace.input_folder("model", 0))]
    inside = _inside(plan, ports.workspace.input_folder("base", 0)) if is_adapter else {}
    ports.reporter.log(f"Taking the change of {len(plan.steps)} tensors as {recipe.form}.")
    with Meter() as meter:
        ports.reporter.step("extract", "started")
        try:
            made = assemble(
                plan.steps, lambda step: take(plan, step, readers, inside), out / (ADAPTER_WEIGHTS if is_adapter else WEIGHTS_FILE),
                Journal(ports.workspace.journal, plan_digest(plan)), reporter=ports.reporter, cancel=ports.cancel,
                threads=request.threads, leave_out=_unchanged_modules if is_adapter else _nothing,
            )  # fmt: skip
        finally:
            for reader in readers:
                reader.close()
        ports.reporter.step("extract", "finished")
        cost = meter.cost(
            read_bytes=sum(item.fact.size_bytes for step in plan.steps for item in step.inputs),
            written_bytes=made.file.size_bytes,
        )
    report = _report(request, plan, recipe, made.notes, tuned, made.file.size_bytes) | {
        "tensor_digest": made.digest, "inputs": inputs_rows(request), "cost": cost,
    }  # fmt: skip
    if is_adapter:
        write_json(out / ADAPTER_CONFIG_FILE, extract_card.adapter_config(plan, made.notes, base))
    else:
        write_json(out / CONFIG_FILE, _description(recipe, made.notes, base))
    write_json(out / REPORT_FILE, report)
    extract_card.write(out, request, recipe, base, tuned, report, made.digest)
    metrics = report["summary"] | {"wall_s": cost["wall_s"], "peak_memory_bytes": cost["peak_memory_bytes"]}
    return result_of(
        out,
        metrics=metrics,
        report=report,
        tensor_digest=made.digest,
        resumed_units=made.resumed_units,
        known=[made.file],
    )


def _inside(plan: Plan, folder: Path) -> dict[str, str]:
    """What the tensors, and the modules they are of, are called inside the model: peft goes by those names.

    Raises:
        UserError: transformers puts a tensor together from several, so that it has no factors of its own.
    """
    from workers.engine.extract.module_names import names_inside

    heads = [step.parameters["head"] for step in plan.steps if step.parameters.get("head")]
    found = names_inside(folder, [*(step.name for step in plan.steps), *heads])
    wanted = [step for step in plan.steps if step.parameters.get("module") is not None]
    lost = [step.name for step in wanted if step.name not in found]
    if lost:
        message = f"{lost[0]} is not a tensor of its own inside the model: transformers makes it from several."
        consequence = "An adapter cannot change it. Make a task vector, or leave it out with exclude."
        raise _refused("no_module", lost[0], message, consequence)
    modules = {
        step.parameters["module"]: found[step.name].rpartition(".")[0]
        for step in wanted
        if step.name.rpartition(".")[0] == step.parameters["module"]
    }
    return modules | found


def _refused(code: str, where: str, message: str, consequence: str = "") -> UserError:
    found = Finding(code=code, severity="error", message=message, where=where, stage="run", consequence=consequence)
    return UserError(message, (found,))


def _nothing(notes: Notes) -> Collection[str]:
    return ()


def _unchanged_modules(notes: Notes) -> Collection[str]:
    """peft takes modules whole: one is left out only where none of its tensors changed."""
    changed = {note["module"] for note in notes.values() if note["role"] == "whole" and note["changed"]}
    return {note["key"] for note in notes.values() if note["role"] == "whole" and note["module"] not in changed}


def _description(recipe: ExtractRecipe, notes: Notes, base: Input) -> dict[str, Any]:
    """task_vector.json: what it was taken from, tensor by tensor, so that it is applied to nothing else."""
    from workers.engine.io.digest import TensorMark, tensor_digest

    marks = [TensorMark(name, note["dtype"], tuple(note["shape"]), note["base_sha256"]) for name, note in notes.items()]
    return {
        "schema": 1, "form": recipe.form, "base": name_of(base), "base_commit": base.facts.commit, "base_digest": tensor_digest(marks),
        "tensors": {
            name: {"form": note["form"], "shape": note["shape"], "base_sha256": note["base_sha256"]}
            for name, note in sorted(notes.items())
            if note.get("changed")
        },
    }  # fmt: skip


def _report(
    request: JobRequest, plan: Plan, recipe: ExtractRecipe, notes: Notes, tuned: Input, size_bytes: int
) -> dict[str, Any]:
    """`error` is ‖τ − τ̂‖ / ‖τ‖, of each tensor and of the whole; `ratio` the file's bytes over those of the fine-tune's weights."""
    rows = {name: note for name, note in notes.items() if "changed" in note}
    changed = {name: note for name, note in rows.items() if note["changed"]}
    needed = [
        note for note in changed.values() if recipe.layout == "task_vector" or note["role"] in {"lora", "embedding"}
    ]
    if not needed:
        what = "no linear layer of the fine-tune differs" if changed else "the fine-tune does not differ"
        message = f"Nothing is to be stored: {what} from the base."
        raise _refused("nothing_changed", "model", message)
    known = [note for note in changed.values() if note["norm"] is not None and note["error"] is not None]
    square = math.fsum(note["norm"] ** 2 for note in known)
    lost = math.fsum((note["norm"] * note["error"]) ** 2 for note in known)
    weights = sum(fact.size_bytes for fact in tuned.facts.tensors.values())
    bad = sum(note["bad"] for note in rows.values())
    findings = [
        Finding(
            code="not_finite", severity="warning", where=name, stage="run",
            message=f"{name}: {note['bad']} entries of the change are infinite or not a number. They are stored as they are.",
        ).model_dump(mode="json")
        for name, note in rows.items() if note["bad"]
    ]  # fmt: skip
    return {
        "schema": 1, "kind": "extract", "form": recipe.form, "layout": recipe.layout,
        "summary": {
            "norm": math.sqrt(square), "error": math.sqrt(lost / square) if square else 0.0, "size_bytes": size_bytes,
            "ratio": size_bytes / weights if weights else None, "changed": len(changed), "tensors": len(notes), "not_finite": bad,
            "forms": dict(sorted(Counter(note["form"] for note in changed.values()).items())),
        },
        "tensors": {
            name: {key: note.get(key) for key in ("form", "norm", "error", "bytes", "rank", "bad")} for name, note in sorted(rows.items())
        },
        "left": sorted(name for name, note in notes.items() if note["role"] == "left"), "findings": findings,
    }  # fmt: skip

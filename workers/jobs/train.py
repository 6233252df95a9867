"""TRAIN: a model from scratch, all weights of one, or a LoRA adapter for one. A run that is killed goes on where it was."""

import hashlib
import json
import os
from typing import Any

from workers.contracts.jobs import JobRequest, JobResult
from workers.contracts.ports import Ports
from workers.contracts.recipes import TrainRecipe
from workers.jobs import train_card, train_findings, train_parts, train_ranks, train_result
from workers.jobs.cost import Meter
from workers.jobs.inputs import inputs_rows
from workers.jobs.outputs import result_of, write_json

REVISION = 2

# Progress of a long run in so many events.
PROGRESS_EVENTS = 200


def run(ports: Ports) -> JobResult:
    """Leaves a stock checkpoint or adapter in `out/`, with card, manifest and report."""
    from workers.engine.io.digest import digest_of_folder
    from workers.engine.train.compute import step_flops
    from workers.engine.train.start import parameter_counts

    request, out = ports.workspace.request, ports.workspace.out
    settle(request)
    recipe = TrainRecipe.model_validate(request.recipe)
    with Meter() as meter:
        parts = train_parts.prepare(ports, recipe)
        trained, total = parameter_counts(parts.model)
        ports.reporter.log(
            f"Training {trained:,} of {total:,} parameters on {parts.examples:,} examples: {_length_in_words(recipe)}."
        )
        operations = step_flops(parts.model, parts.batches, parts.objective, recipe.batch_size, device=request.device)
        with train_ranks.Ranks(ports, train_ranks.world_of(request)):
            progress = fit_parts(ports, recipe, parts)
        _tell_end(ports, progress)
        findings = train_findings.ending_findings(recipe, parts, progress)
        for finding in findings:
            ports.reporter.log(finding.message, finding.severity)
        train_result.save(ports, recipe, parts)
        validation = train_result.measure(ports, recipe, parts)
        cost = meter.cost(read_bytes=sum(file.size_bytes for item in request.inputs for file in item.files))
    digest = digest_of_folder(out)
    report = {
        "schema": 1, "kind": "train", "task": parts.task.name, "labels": list(parts.labels), "examples": parts.examples,
        "parameters": {"trained": trained, "all": total}, "steps": progress.step,
        "compute": {"flops_per_step": operations, "flops": operations * progress.step}, "losses": progress.losses,
        "curve": progress.curve, "validation_losses": progress.validation,
        "stopped": {"reason": progress.stopped, "diverged_at": progress.diverged_at, "kept_step": progress.kept},
        "findings": [finding.model_dump(mode="json") for finding in findings],
        "validation": validation, "tensor_digest": digest, "inputs": inputs_rows(request), "cost": cost,
    }  # fmt: skip
    write_json(out / "report.json", report)
    train_card.write(
        out, request, recipe, parts=parts, progress=progress, validation=validation, digest=digest, findings=findings
    )
    metrics = _metrics(recipe, parts, progress, validation)
    if findings:
        metrics["findings"] = report["findings"]
    return result_of(out, metrics=metrics, report=report, tensor_digest=digest, resumed_units=progress.resumed_step)


def settle(request: JobRequest) -> None:
    """Makes this process one whose sums come out the same each time."""
    # Read when a GPU is first used: without it some sums on it differ from run to run.
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    import torch

    torch.set_num_threads(request.threads)
    torch.use_deterministic_algorithms(True)


def fit_parts(ports: Ports, recipe: TrainRecipe, parts: train_parts.Parts) -> Any:
    """Trains the model of `parts` in place, as the recipe says; gives the progress at its end."""
    from workers.engine.train.run import fit
    from workers.engine.train.settings import Settings, Watch

    def step(done: int, steps: int) -> None:
        ports.cancel.raise_if_requested()
        if done == steps or done % max(1, steps // PROGRESS_EVENTS) == 0:
            ports.reporter.progress(done, steps, "steps", "Training")

    stop = recipe.early_stop
    settings = Settings(
        epochs=recipe.epochs, batch_size=recipe.batch_size, learning_rate=recipe.learning_rate, weight_decay=recipe.weight_decay,
        warmup_ratio=recipe.warmup_ratio, seed=recipe.seed, schedule=recipe.schedule, clip_norm=recipe.clip_norm,
        max_steps=recipe.max_steps, precision=recipe.precision, checkpoint_s=recipe.checkpoint_s,
        patience=stop.patience if stop else None, least=stop.least if stop else 0.0,
    )  # fmt: skip
    watch = Watch(
        step=step, metric=ports.reporter.metric, checkpoint=lambda done: ports.reporter.checkpoint(f"step {done}")
    )
    request = ports.workspace.request
    return fit(
        parts.model, parts.batches, parts.objective, settings, journal=ports.workspace.journal, key=_key(request),
        watch=watch, validation=parts.validation, device=request.device,
    )  # fmt: skip


def _length_in_words(recipe: TrainRecipe) -> str:
    epochs = "1 epoch" if recipe.epochs == 1 else f"{recipe.epochs:,} epochs"
    return epochs if recipe.max_steps is None else f"{epochs}, at most {recipe.max_steps:,} steps"


def _tell_end(ports: Ports, progress: Any) -> None:
    if progress.stopped == "diverged":
        ports.reporter.log(
            f"The loss became NaN or infinite at step {progress.diverged_at}. The result holds the weights of step {progress.kept}: "
            "train again at a lower learning rate.", "error",
        )  # fmt: skip
    elif progress.kept is not None:
        ports.reporter.log(train_card.ending_text(progress))


def _metrics(
    recipe: TrainRecipe, parts: train_parts.Parts, progress: Any, validation: list[dict[str, Any]]
) -> dict[str, Any]:
    """The few numbers shown first, all of the weights that are the result: the step they are from, the losses of the last whole

    epoch up to it, and the task's first metric on each dataset. `training_loss` is the mean over that epoch while it was
    trained, `validation_loss` what the weights at its end gave.
    """
    first = parts.task.metrics[0]
    found: dict[str, Any] = {"kept_step": progress.kept if progress.kept is not None else progress.step}
    per_epoch = -(-len(parts.batches) // recipe.batch_size)
    epoch = min(-(-found["kept_step"] // per_epoch), len(progress.losses))
    if epoch:
        found["training_loss"] = progress.losses[epoch - 1]
    validated = dict(progress.validation)
    if epoch in validated:
        found["validation_loss"] = validated[epoch]
    if progress.stopped == "diverged":
        found["diverged_at_step"] = progress.diverged_at
    return found | {f"validation_{first}:{entry['data']}": entry["metrics"][first]["value"] for entry in validation}


def _key(request: JobRequest) -> str:
    """Names the run that a journal belongs to: recipe and content of every input."""
    content = [[file.path, file.sha256] for item in request.inputs for file in item.files]
    return hashlib.sha256(
        json.dumps([REVISION, request.recipe, content], sort_keys=True, default=str).encode()
    ).hexdigest()

"""TRAIN: an image classifier from scratch, all weights of one, or a LoRA adapter for one. Finished epochs survive a kill."""

import hashlib
import json
from pathlib import Path
from typing import Any

from workers.contracts.jobs import JobRequest, JobResult
from workers.contracts.ports import Ports
from workers.contracts.recipes import TrainRecipe
from workers.jobs import train_card
from workers.jobs.cost import Meter
from workers.jobs.inputs import inputs_of, inputs_rows
from workers.jobs.outputs import result_of, write_json

REVISION = 2


# Progress of a long run in so many events.
PROGRESS_EVENTS = 200


def run(ports: Ports) -> JobResult:
    """Leaves a stock checkpoint or adapter in `out/`, with card, manifest and report."""
    import torch

    from workers.engine.io.digest import digest_of_folder
    from workers.engine.train.build import check_fit
    from workers.engine.train.save import parameter_counts

    request, out = ports.workspace.request, ports.workspace.out
    torch.set_num_threads(request.threads)
    torch.use_deterministic_algorithms(True)
    recipe = TrainRecipe.model_validate(request.recipe)
    with Meter() as meter:
        model, examples = _model(ports, recipe), _examples(ports, recipe)
        check_fit(model, examples, name=recipe.model or "The architecture")
        trained, total = parameter_counts(model)
        ports.reporter.log(
            f"Training {trained:,} of {total:,} parameters on {len(examples):,} examples for {recipe.epochs} epochs."
        )
        progress = _fit(ports, recipe, model, examples)
        validation = _validate(ports, recipe, model)
        _save(ports, recipe, model)
        cost = meter.cost(read_bytes=sum(file.size_bytes for item in request.inputs for file in item.files))
    digest = digest_of_folder(out)
    report = {
        "schema": 1, "kind": "train", "losses": progress.losses, "curve": progress.curve, "examples": len(examples),
        "parameters": {"trained": trained, "all": total}, "validation": validation, "tensor_digest": digest,
        "inputs": inputs_rows(request), "cost": cost,
    }  # fmt: skip
    write_json(out / "report.json", report)
    train_card.write(out, request, recipe, validation=validation, digest=digest)
    scores = {f"validation_accuracy:{row['data']}": row["metrics"]["accuracy"]["value"] for row in validation}
    metrics = {"final_loss": progress.losses[-1]} | scores
    return result_of(out, metrics=metrics, report=report, tensor_digest=digest, resumed_units=progress.resumed_step)


def _fit(ports: Ports, recipe: TrainRecipe, model: Any, examples: Any) -> Any:
    from workers.engine.train.batches import Joined, Supervised
    from workers.engine.train.losses import Objective, cross_entropy
    from workers.engine.train.run import fit
    from workers.engine.train.settings import Settings, Watch

    def step(done: int, steps: int) -> None:
        ports.cancel.raise_if_requested()
        if done == steps or done % max(1, steps // PROGRESS_EVENTS) == 0:
            ports.reporter.progress(done, steps, "steps", "Training")

    settings = Settings(
        epochs=recipe.epochs, batch_size=recipe.batch_size, learning_rate=recipe.learning_rate, weight_decay=recipe.weight_decay,
        warmup_ratio=recipe.warmup_ratio, seed=recipe.seed, schedule=recipe.schedule, clip_norm=recipe.clip_norm,
        max_steps=recipe.max_steps, precision=recipe.precision, checkpoint_s=recipe.checkpoint_s,
    )  # fmt: skip
    watch = Watch(
        step=step,
        metric=ports.reporter.metric,
        checkpoint=lambda done: ports.reporter.checkpoint(f"step {done}"),
    )
    return fit(
        model,
        Supervised(Joined([_Pictures(examples)]), _pixels),
        Objective((cross_entropy(smoothing=recipe.label_smoothing),)),
        settings,
        journal=ports.workspace.journal,
        key=_key(ports.workspace.request),
        watch=watch,
    )


class _Pictures:
    def __init__(self, examples: Any) -> None:
        self._examples = examples

    def __len__(self) -> int:
        return len(self._examples)

    def take(self, rows: Any) -> dict[str, Any]:
        return {"image": self._examples.images[rows].numpy()}

    def gold(self, rows: Any) -> Any:
        return self._examples.labels[rows].numpy()


def _pixels(batch: Any) -> dict[str, Any]:
    import numpy as np
    import torch

    return {"pixel_values": torch.from_numpy(np.stack(batch["image"]))}


def _model(ports: Ports, recipe: TrainRecipe) -> Any:
    from workers.engine.train import build

    if recipe.model is None:
        if recipe.architecture is None:
            from workers.engine.models import refused

            raise refused(
                "nothing_to_train", "The recipe names neither a model to go on from nor an architecture to start with."
            )
        return build.from_scratch(recipe.architecture, recipe.seed)
    folder = ports.workspace.input_folder("model", 0)
    if recipe.lora is None:
        return build.fine_tune(folder, name=recipe.model)
    return build.with_lora(folder, recipe.lora, name=recipe.model, seed=recipe.seed)


def _examples(ports: Ports, recipe: TrainRecipe) -> Any:
    import torch

    from workers.engine.datasets import Examples, load_examples
    from workers.engine.models import refused

    parts = [
        load_examples(ports.workspace.input_folder("data", number), item.split, reference=item.data)
        for number, item in enumerate(recipe.data)
    ]
    shapes = {tuple(part.images.shape[1:]) for part in parts}
    if len(shapes) > 1:
        raise refused(
            "data_shapes_differ",
            f"The datasets hold images of different shapes: {', '.join(map(str, sorted(shapes)))}.",
        )
    return Examples(*(torch.cat([getattr(part, name) for part in parts]) for name in ("images", "labels", "index")))


def _validate(ports: Ports, recipe: TrainRecipe, model: Any) -> list[dict[str, Any]]:
    """Measures the result on the validation split of each dataset that has one."""
    from workers.engine.datasets import BUILTIN_DIGITS, load_examples
    from workers.engine.evaluate.answers import metrics_of
    from workers.engine.evaluate.classification import answer

    rows = []
    for number, item in enumerate(recipe.data):
        folder = ports.workspace.input_folder("data", number)
        if item.split == "validation" or not (
            item.data == BUILTIN_DIGITS or (folder / "data" / "validation.safetensors").is_file()
        ):
            continue
        ports.cancel.raise_if_requested()
        examples = load_examples(folder, "validation", reference=item.data)
        answers = answer(model, examples, name="the trained model", batch_size=recipe.batch_size)
        rows.append({"data": item.data, "split": "validation", "metrics": metrics_of(answers)})
    return rows


def _save(ports: Ports, recipe: TrainRecipe, model: Any) -> None:
    from workers.engine.train.save import save_adapter, save_model

    out: Path = ports.workspace.out
    if recipe.lora is None:
        save_model(model, out)
        return
    base = inputs_of(ports.workspace.request, "model")[0]
    save_adapter(model, out, base=base.facts.repo or base.reference.split("@")[0], revision=base.facts.commit)


def _key(request: JobRequest) -> str:
    """Names the run that a journal belongs to: recipe and content of every input."""
    content = [[file.path, file.sha256] for item in request.inputs for file in item.files]
    return hashlib.sha256(
        json.dumps([REVISION, request.recipe, content], sort_keys=True, default=str).encode()
    ).hexdigest()

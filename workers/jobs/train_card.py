"""The papers of a trained entry: README.md (the card), genepool.json (the manifest), recipe.yaml."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml

from workers.contracts.findings import Finding
from workers.contracts.jobs import Input, JobRequest
from workers.contracts.manifests import MANIFEST_FILE, RECIPE_FILE, Manifest, Parent
from workers.contracts.recipes import TrainRecipe
from workers.contracts.tasks import Metric, Task, metric_get
from workers.contracts.version import VERSION
from workers.contracts.writing import recipe_to_yaml
from workers.jobs import train_card_use
from workers.jobs.inputs import inputs_of
from workers.jobs.licence_papers import notice_write
from workers.jobs.outputs import write_json
from workers.jobs.train_parts import Parts
from workers.planning.licences import front_matter

DETERMINISM = "The same recipe gives the same bytes with the same release of torch, the same processor kind and the same number of threads."


# The hub of the world names tasks by what a model puts out.
PIPELINES = {"causal-lm": "text-generation", "masked-lm": "fill-mask", "text-regression": "text-classification"}


def write(
    out: Path, request: JobRequest, recipe: TrainRecipe, *, parts: Parts, progress: Any, validation: list[dict[str, Any]],
    digest: str, findings: Sequence[Finding] = (),
) -> None:  # fmt: skip
    model = next(iter(inputs_of(request, "model")), None)
    data = inputs_of(request, "data")
    manifest = _manifest(request, recipe, model, data, digest)
    write_json(out / MANIFEST_FILE, manifest.model_dump(mode="json", by_alias=True))
    (out / RECIPE_FILE).write_text(recipe_to_yaml(recipe), encoding="utf-8")
    notice_write(out, request, [*([model] if model is not None else []), *data])
    front = yaml.safe_dump(
        _front_matter(request, recipe, parts.task.name, model, data), sort_keys=False, allow_unicode=True
    )
    (out / "README.md").write_text(
        f"---\n{front}---\n{_text(recipe, parts, progress, validation, model, findings)}", encoding="utf-8"
    )


def _manifest(
    request: JobRequest, recipe: TrainRecipe, model: Input | None, data: list[Input], digest: str
) -> Manifest:
    parents = [
        Parent(repo=item.facts.repo or item.reference, commit=item.facts.commit, relation="trained_on") for item in data
    ]
    if model is not None:
        relation = "adapter_of" if recipe.lora else "finetune_of"
        parents.insert(
            0, Parent(repo=model.facts.repo or model.reference, commit=model.facts.commit, relation=relation)
        )
    return Manifest(
        artifact="adapter" if recipe.lora else "model", kind="train", method_revision=request.revision, recipe=request.recipe,
        parents=tuple(parents), tensor_digest=digest, licence=request.licence, seed=recipe.seed,
        code_version=VERSION, determinism=DETERMINISM,
    )  # fmt: skip


def _front_matter(
    request: JobRequest, recipe: TrainRecipe, task: str, model: Input | None, data: list[Input]
) -> dict[str, Any]:
    """The licence is the check's verdict, or left open: none is ever assumed."""
    front: dict[str, Any] = {**front_matter(request.licence.licence)}
    front |= {"library_name": "peft" if recipe.lora else "transformers", "pipeline_tag": PIPELINES.get(task, task)}
    front["datasets"] = [item.facts.repo or item.reference for item in data]
    if model is not None:
        front |= {
            "base_model": model.facts.repo or model.reference.split("@")[0],
            "base_model_relation": "adapter" if recipe.lora else "finetune",
        }
    front["tags"] = ["genepool", "lora"] if recipe.lora else ["genepool"]
    return front


def _text(
    recipe: TrainRecipe, parts: Parts, progress: Any, validation: list[dict[str, Any]], base: Input | None,
    findings: Sequence[Finding],
) -> str:  # fmt: skip
    what = (
        f"A LoRA adapter of rank {recipe.lora.rank} for {recipe.model}"
        + (" with a head of its own" if parts.has_new_head else "")
        if recipe.lora
        else f"{recipe.model}, fine-tuned" + (" under a new head" if parts.has_new_head else "")
        if recipe.model
        else "Trained from scratch"
    )
    data = ", ".join(f"{item.data} ({item.split})" for item in recipe.data)
    title = recipe.output.repo.split("/")[-1] if recipe.output else "Trained model"
    lines = [
        f"# {title}",
        "",
        f"{what}, on {data}.",
        "",
        *_ending(progress, findings),
        "## Training",
        "",
        _how(recipe),
        "",
    ]
    lines += ["| setting | value |", "|---|---|", *(f"| {name} | {value} |" for name, value in _settings(recipe)), ""]
    if validation:
        lines += ["## Measured on held-out data", "", *_table(parts.task, validation), ""]
    lines += train_card_use.lines(recipe, parts, base)
    return "\n".join(lines)


def _ending(progress: Any, findings: Sequence[Finding]) -> list[str]:
    """A run that did not go its whole way, or came to nothing, says so first."""
    return [line for finding in findings for line in (f"**{finding.message}** {finding.consequence}", "")] + _way(
        progress
    )


def _way(progress: Any) -> list[str]:
    if progress.stopped == "diverged":
        return [
            f"**The loss became NaN or infinite at step {progress.diverged_at}.** These are the weights of step {progress.kept}, "
            "the last that were journalled before.", "",
        ]  # fmt: skip
    return [ending_text(progress), ""] if progress.kept is not None else []


def ending_text(progress: Any) -> str:
    """Of a run that kept weights from before its last step, because they were the best of those validated."""
    best = f"The weights of step {progress.kept} are kept: their validation loss, {progress.best:.4g}, was the lowest."
    if progress.stopped != "early":
        return best
    since = "1 epoch" if progress.worse == 1 else f"{progress.worse} epochs"
    return f"Stopped early after {progress.epochs} epochs: for {since} the validation loss had not fallen. {best}"


def _how(recipe: TrainRecipe) -> str:
    fall = {"cosine": "then a cosine down to zero", "linear": "then a line down to zero", "constant": "then no change"}
    return f"AdamW, gradient norm clipped at {recipe.clip_norm:g}, linear warm-up, {fall[recipe.schedule]}."


def _settings(recipe: TrainRecipe) -> list[tuple[str, str]]:
    rows = [
        ("epochs", str(recipe.epochs)), ("batch size", str(recipe.batch_size)), ("peak learning rate", f"{recipe.learning_rate:g}"),
        ("weight decay", f"{recipe.weight_decay:g}"), ("warm-up", f"{recipe.warmup_ratio:.0%} of the steps"),
    ]  # fmt: skip
    if recipe.max_steps is not None:
        rows.append(("at most", f"{recipe.max_steps} steps"))
    if recipe.max_length is not None:
        rows.append(("longest input", f"{recipe.max_length} tokens"))
    if recipe.label_smoothing:
        rows.append(("label smoothing", f"{recipe.label_smoothing:g}"))
    if recipe.precision != "float32":
        rows.append(("precision", recipe.precision))
    return [*rows, ("seed", str(recipe.seed))]


def _table(task: Task, validation: list[dict[str, Any]]) -> list[str]:
    lines = ["| data | split | metric | value | 95 % interval | examples |", "|---|---|---|---|---|---|"]
    leaks = [
        f"{entry['leakage']} examples of {entry['data']} ({entry['split']}) are also trained on: what is measured there is too good."
        for entry in validation if entry["leakage"]
    ]  # fmt: skip
    for entry in validation:
        for name in task.metrics:
            score = entry["metrics"][name]
            metric = metric_get(name)
            value, interval = _shown(metric, score["value"]), "–"
            if score["low"] is not None and score["high"] is not None:
                interval = f"{_shown(metric, score['low'])} to {_shown(metric, score['high'])}"
            lines.append(
                f"| {entry['data']} | {entry['split']} | {metric.label} | {value} | {interval} | {score['n']} |"
            )
    return [*lines, *([""] if leaks else []), *leaks]


def _shown(metric: Metric, value: float | None) -> str:
    if value is None:
        return "undefined"
    return f"{value:.1%}" if metric.unit == "share" else f"{value:.4g}"

"""The papers of a trained entry: README.md (the card), genepool.json (the manifest), recipe.yaml."""

from pathlib import Path
from typing import Any

import yaml

from workers.contracts.jobs import Input, JobRequest
from workers.contracts.manifests import MANIFEST_FILE, RECIPE_FILE, Manifest, Parent
from workers.contracts.recipes import TrainRecipe
from workers.contracts.version import VERSION
from workers.contracts.writing import recipe_to_yaml
from workers.jobs.inputs import inputs_of
from workers.jobs.licence_papers import notice_write
from workers.jobs.outputs import write_json
from workers.planning.licences import front_matter

DETERMINISM = "The same recipe gives the same bytes with the same release of torch, the same processor kind and the same number of threads."


def write(
    out: Path, request: JobRequest, recipe: TrainRecipe, *, validation: list[dict[str, Any]], digest: str
) -> None:
    model = next(iter(inputs_of(request, "model")), None)
    data = inputs_of(request, "data")
    manifest = _manifest(request, recipe, model, data, digest)
    write_json(out / MANIFEST_FILE, manifest.model_dump(mode="json", by_alias=True))
    (out / RECIPE_FILE).write_text(recipe_to_yaml(recipe), encoding="utf-8")
    notice_write(out, request, [*([model] if model is not None else []), *data])
    front = yaml.safe_dump(_front_matter(request, recipe, model, data), sort_keys=False, allow_unicode=True)
    (out / "README.md").write_text(f"---\n{front}---\n{_text(recipe, request, validation)}", encoding="utf-8")


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


def _front_matter(request: JobRequest, recipe: TrainRecipe, model: Input | None, data: list[Input]) -> dict[str, Any]:
    """The licence is the check's verdict, or left open: none is ever assumed."""
    front: dict[str, Any] = {**front_matter(request.licence.licence)}
    front |= {"library_name": "peft" if recipe.lora else "transformers", "pipeline_tag": "image-classification"}
    front["datasets"] = [item.facts.repo or item.reference for item in data]
    if model is not None:
        front |= {
            "base_model": model.facts.repo or model.reference.split("@")[0],
            "base_model_relation": "adapter" if recipe.lora else "finetune",
        }
    front["tags"] = ["genepool", "lora"] if recipe.lora else ["genepool"]
    return front


def _text(recipe: TrainRecipe, request: JobRequest, validation: list[dict[str, Any]]) -> str:
    what = (
        f"A LoRA adapter of rank {recipe.lora.rank} for {recipe.model}"
        if recipe.lora
        else f"{recipe.model}, fine-tuned"
        if recipe.model
        else "Trained from scratch"
    )
    data = ", ".join(f"{item.data} ({item.split})" for item in recipe.data)
    title = recipe.output.repo.split("/")[-1] if recipe.output else "Trained model"
    lines = [
        f"# {title}", "", f"{what}, on {data}.", "", "## Training", "",
        "AdamW, gradient norm clipped at 1, linear warm-up, then a cosine down to zero.", "",
        "| setting | value |", "|---|---|", f"| epochs | {recipe.epochs} |", f"| batch size | {recipe.batch_size} |",
        f"| peak learning rate | {recipe.learning_rate:g} |", f"| weight decay | {recipe.weight_decay:g} |",
        f"| warm-up | {recipe.warmup_ratio:.0%} of the steps |", f"| seed | {recipe.seed} |", "",
    ]  # fmt: skip
    if validation:
        lines += [
            "## Measured on the validation split",
            "",
            "| data | accuracy | 95 % interval | examples |",
            "|---|---|---|---|",
        ]
        for row in validation:
            accuracy = row["metrics"]["accuracy"]
            lines.append(
                f"| {row['data']} | {accuracy['value']:.1%} | {accuracy['low']:.1%} to {accuracy['high']:.1%} | {accuracy['n']} |"
            )
        lines.append("")
    return "\n".join(lines)

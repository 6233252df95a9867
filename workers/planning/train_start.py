"""TRAIN, where it starts: a whole model with the right head, or an architecture; and the adapter that it gets, if any."""

from collections.abc import Mapping
from typing import Any

from workers.contracts.complaints import listed, nearest
from workers.contracts.facts import RepoFacts
from workers.contracts.findings import Finding
from workers.contracts.paths import Path
from workers.contracts.recipes import TrainRecipe
from workers.contracts.tasks import task_get
from workers.planning.architectures import shape_of
from workers.planning.architectures.shape import side
from workers.planning.heads import head_for, head_in
from workers.planning.merge_entries import missing_shards
from workers.planning.training import TRAINABLE, has_new_head, task_of
from workers.planning.wording import NO_SUCH_ENTRY, add, counted, finding, number, remove, shape_text, short_name

_MODEL: Path = ("model",)
_ARCHITECTURE: Path = ("architecture",)


def start_findings(recipe: TrainRecipe, model: RepoFacts | None) -> list[Finding]:
    """Whether there is one thing to start from, and all of it is there."""
    if recipe.model is None and recipe.architecture is None:
        message = "The recipe names neither a model to go on from nor an architecture to start with."
        return [finding("nothing_to_train", "error", _MODEL, message)]
    findings = []
    if recipe.model is not None and recipe.architecture is not None:
        message = "Both model and architecture are given. A model brings its own architecture."
        repair = [remove(_ARCHITECTURE, "Keep the model")]
        findings.append(finding("model_and_architecture", "error", _ARCHITECTURE, message, repair=repair))
    elif recipe.architecture is not None and recipe.lora is not None:
        message = "LoRA adapts a trained model, and the recipe starts from an untrained architecture."
        repair = [remove(("lora",), "Train all weights")]
        findings.append(finding("lora_without_model", "error", ("lora",), message, repair=repair))
    elif recipe.architecture is not None:
        findings += _architecture_findings(recipe.architecture)
    if recipe.model is not None:
        findings += _model_findings(recipe.model, model)
    return findings


def task_findings(recipe: TrainRecipe, config: Mapping[str, Any], model: RepoFacts | None) -> list[Finding]:
    """Whether the trainer has a lesson for the task, and the model a head for it; `config` is that of what is trained."""
    task = task_of(recipe, config)
    if not task:
        message = f"The recipe has to say a task: {listed(TRAINABLE)}."
        return [
            finding("task_missing", "error", ("task",), message, "The model's config.json names no head that tells.")
        ]
    if task not in TRAINABLE:
        row, meant = task_get(task), nearest(task, TRAINABLE)
        message = f"Nothing here trains {row.label if row else task}. Trained are {listed(TRAINABLE)}."
        repair = [add(("task",), meant, f"Use {meant}")] if meant else []
        return [finding("task_untrainable", "error", ("task",), message, repair=repair)]
    findings = []
    is_new = has_new_head(recipe, task, config)
    if recipe.new_head and not is_new:
        reason = (
            "An architecture has no head yet." if recipe.model is None else "A language model keeps the one it has."
        )
        message = f"There is no new head to draw. {reason}"
        findings.append(
            finding("new_head_unused", "warning", ("new_head",), message, repair=[remove(("new_head",), "Remove it")])
        )
    if model is None or recipe.model is None:
        return findings
    return findings + _head_findings(recipe, task, is_new, model)


def lora_findings(recipe: TrainRecipe, model: RepoFacts) -> list[Finding]:
    if recipe.lora is None:
        return []
    findings = []
    layers = {
        name.removesuffix(".weight").rpartition(".")[2]
        for name, fact in model.tensors.items()
        if name.endswith(".weight") and len(fact.shape) == 2
    }
    modules = {name.removesuffix(".weight") for name in model.tensors if name.endswith(".weight")}
    name = short_name(recipe.model or "")
    for index, target in enumerate(recipe.lora.target_modules):
        if not any(module == target or module.endswith("." + target) for module in modules):
            meant = nearest(target, layers)
            suggestion = (
                f" Did you mean {meant}?" if meant else f" It has {listed(sorted(layers)[:8])}." if layers else ""
            )
            message = f"{name} has no layer named {target}.{suggestion}"
            findings.append(finding("lora_target_missing", "error", ("lora", "target_modules", index), message))
    width = shape_of(model.config).width
    if width and recipe.lora.rank > width:
        message = f"A rank of {recipe.lora.rank} is above the width of {width}: the adapter would be larger than what it adapts."
        findings.append(finding("rank_large", "warning", ("lora", "rank"), message))
    return findings


def _model_findings(text: str, facts: RepoFacts | None) -> list[Finding]:
    name = short_name(text)
    if facts is None:
        return [finding("not_found", "error", _MODEL, f"{NO_SUCH_ENTRY}: {text}.")]
    if facts.repo_type == "dataset" or facts.artifact not in {"model", "unknown"}:
        noun = "dataset" if facts.repo_type == "dataset" else facts.artifact.replace("_", " ")
        message = f"{name} is not a whole model but a thing of kind {noun}. It cannot be loaded by itself."
        return [finding("wrong_artifact", "error", _MODEL, message)]
    if not facts.tensors:
        message = f"{name} holds no safetensors weights."
        return [finding("no_weights", "error", _MODEL, message, "Weights in other formats are not read.")]
    missing = missing_shards(facts)
    if missing:
        message = f"{name} is incomplete: {counted(missing, 'weight file')} of its index {'is' if missing == 1 else 'are'} missing."
        return [finding("weights_incomplete", "error", _MODEL, message)]
    shape = shape_of(facts.config)
    if shape.parameters is not None and shape.parameters != facts.parameters:
        message = f"The config of {name} speaks of {number(shape.parameters)} parameters, its files hold {number(facts.parameters)}."
        return [finding("parameters_differ", "warning", _MODEL, message, "It may not load, or load with gaps.")]
    return []


def _head_findings(recipe: TrainRecipe, task: str, is_new: bool, model: RepoFacts) -> list[Finding]:
    name, wanted, held = short_name(recipe.model or ""), head_for(task), head_in(model.config)
    noun = wanted.noun if wanted is not None else task
    if is_new:
        message = f"{name} gets a new head: it is trained as {'an' if noun[0] in 'aeiou' else 'a'} {noun}."
        consequence = "The last layer starts from nothing."
        if recipe.lora is not None:
            consequence += " It is trained whole, and the adapter carries it."
        return [finding("new_head", "info", _MODEL, message, consequence)]
    if held != wanted:
        architecture = model.architecture or "no architecture in its config.json"
        code = wanted.code if wanted is not None else "wrong_head"
        return [finding(code, "error", ("task",), f"{name} is no {noun}: it has {architecture}.")]
    if task != "image-classification" and not model.tokenizer_digest:
        message = f"{name} brings no tokenizer. Texts cannot go into it."
        return [finding("tokenizer_missing", "error", _MODEL, message)]
    return []


def _architecture_findings(config: dict[str, Any]) -> list[Finding]:
    if not isinstance(config.get("model_type"), str):
        message = "architecture.model_type is missing. It must be a model type of transformers, such as vit."
        return [finding("unknown_architecture", "error", ("architecture", "model_type"), message)]
    shape = shape_of(dict(config))
    if shape.width and shape.heads and shape.width % shape.heads:
        message = f"A width of {shape.width} cannot be shared among {shape.heads} heads: {shape.width} is no multiple of {shape.heads}."
        return [finding("architecture_unusable", "error", _ARCHITECTURE, message)]
    height, patch = side(dict(config), "image_size", 224), side(dict(config), "patch_size", 16)
    if shape.family == "vit" and (patch[0] > height[0] or patch[1] > height[1]):
        message = f"Patches of {shape_text(patch)} are larger than the images of {shape_text(height)}."
        return [finding("architecture_unusable", "error", _ARCHITECTURE, message)]
    return []

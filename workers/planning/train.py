"""TRAIN: is there something to train, does the data fit it, and may the result be passed on?"""

from collections.abc import Iterable

from workers.contracts.complaints import listed, nearest
from workers.contracts.facts import RepoFacts
from workers.contracts.findings import Finding
from workers.contracts.plans import Check, Estimate, LicenceVerdict
from workers.contracts.recipes import TrainRecipe
from workers.planning.architectures import shape_of
from workers.planning.architectures.shape import side
from workers.planning.check import Facts
from workers.planning.estimate import models_estimate, pass_cost
from workers.planning.licences import LicenceInput, licence_findings, licence_judge
from workers.planning.runnable import classifier_findings, data_findings, image_finding, image_of, rows_of
from workers.planning.wording import finding, remove, shape_text, short_name

# Backward costs twice the forward pass; Adam keeps two numbers beside weight and gradient.
_PASSES = 3
_STATES_ALL, _STATES_LORA = 4, 1


def check(recipe: TrainRecipe, facts: Facts) -> Check:
    model = facts.get(recipe.model) if recipe.model is not None else None
    findings = _start_findings(recipe)
    if recipe.model is not None:
        found = classifier_findings(recipe.model, model, ("model",))
        findings += found
        if model is not None and not any(entry.severity == "error" for entry in found):
            findings += _lora_findings(recipe, recipe.model, model)
    trained = model or RepoFacts(
        reference="the architecture",
        config={"architectures": ["ForImageClassification"], **(recipe.architecture or {})},
    )
    findings += data_findings(recipe.data, facts)
    findings += _image_findings(recipe, facts, trained)
    findings += _split_findings(recipe)
    verdict, licence_found = _licence(recipe, facts, model)
    return Check(findings=(*findings, *licence_found), licence=verdict, estimate=_estimate(recipe, facts, trained))


def _start_findings(recipe: TrainRecipe) -> list[Finding]:
    if recipe.model is None and recipe.architecture is None:
        message = "The recipe names neither a model to go on from nor an architecture to start with."
        return [finding("nothing_to_train", "error", ("model",), message)]
    if recipe.model is not None and recipe.architecture is not None:
        message = "Both model and architecture are given. A model brings its own architecture."
        return [
            finding(
                "model_and_architecture",
                "error",
                ("architecture",),
                message,
                repair=[remove(("architecture",), "Keep the model")],
            )
        ]
    if recipe.architecture is None:
        return []
    if recipe.lora is not None:
        message = "LoRA adapts a trained model, and the recipe starts from an untrained architecture."
        return [
            finding("lora_without_model", "error", ("lora",), message, repair=[remove(("lora",), "Train all weights")])
        ]
    return _architecture_findings(recipe.architecture)


def _architecture_findings(config: dict[str, object]) -> list[Finding]:
    if not isinstance(config.get("model_type"), str):
        message = "architecture.model_type is missing. It must be a model type of transformers, such as vit."
        return [finding("unknown_architecture", "error", ("architecture", "model_type"), message)]
    shape = shape_of(dict(config))
    if shape.width and shape.heads and shape.width % shape.heads:
        message = f"A width of {shape.width} cannot be shared among {shape.heads} heads: {shape.width} is no multiple of {shape.heads}."
        return [finding("architecture_unusable", "error", ("architecture",), message)]
    height, patch = side(dict(config), "image_size", 224), side(dict(config), "patch_size", 16)
    if shape.family == "vit" and (patch[0] > height[0] or patch[1] > height[1]):
        message = f"Patches of {shape_text(patch)} are larger than the images of {shape_text(height)}."
        return [finding("architecture_unusable", "error", ("architecture",), message)]
    return []


def _lora_findings(recipe: TrainRecipe, text: str, model: RepoFacts) -> list[Finding]:
    if recipe.lora is None:
        return []
    findings = []
    layers = {
        name.removesuffix(".weight").rpartition(".")[2]
        for name, fact in model.tensors.items()
        if name.endswith(".weight") and len(fact.shape) == 2
    }
    modules = {name.removesuffix(".weight") for name in model.tensors if name.endswith(".weight")}
    for index, target in enumerate(recipe.lora.target_modules):
        if not any(module == target or module.endswith("." + target) for module in modules):
            meant = nearest(target, layers)
            suggestion = (
                f" Did you mean {meant}?" if meant else f" It has {listed(sorted(layers)[:8])}." if layers else ""
            )
            message = f"{short_name(text)} has no layer named {target}.{suggestion}"
            findings.append(finding("lora_target_missing", "error", ("lora", "target_modules", index), message))
    width = shape_of(model.config).width
    if width and recipe.lora.rank > width:
        message = f"A rank of {recipe.lora.rank} is above the width of {width}: the adapter would be larger than what it adapts."
        findings.append(finding("rank_large", "warning", ("lora", "rank"), message))
    return findings


def _image_findings(recipe: TrainRecipe, facts: Facts, trained: RepoFacts) -> list[Finding]:
    findings = []
    images = [image_of(item, facts) for item in recipe.data]
    for index, (item, given) in enumerate(zip(recipe.data, images, strict=True)):
        misfit = image_finding(recipe.model or "the architecture", trained, ("data", index), item, given)
        if misfit is not None:
            findings.append(misfit)
    sizes = list(dict.fromkeys(size for size in images if size is not None))
    if len(sizes) > 1 and not findings:
        message = f"The datasets hold images of different sizes: {listed([shape_text(size) for size in sizes])}."
        findings.append(finding("data_shapes_differ", "error", ("data",), message))
    return findings


def _split_findings(recipe: TrainRecipe) -> list[Finding]:
    findings = []
    for index, item in enumerate(recipe.data):
        if item.split == "test":
            message = f"The test split of {short_name(item.data)} is trained on."
            consequence = "Measured on it afterwards, the result says nothing about new data. The default of split is test: say train."
            findings.append(finding("trains_on_test", "warning", ("data", index, "split"), message, consequence))
    return findings


def _licence(recipe: TrainRecipe, facts: Facts, model: RepoFacts | None) -> tuple[LicenceVerdict, list[Finding]]:
    """The model's licence binds the result; what the data's licence means for it is a question, and asked as one."""
    inputs = [
        LicenceInput(short_name(item.data), held.licence, "data", held.commit, held.repo)
        for item in recipe.data
        if not item.data.startswith("builtin:") and (held := facts.get(item.data)) is not None
    ]
    undeclared = []
    if model is not None:
        name = short_name(recipe.model or "")
        inputs.append(LicenceInput(name, model.licence, "model", model.commit, model.repo))
        undeclared = [(("model",), name)] if not model.licence else []
    elif recipe.model is not None:
        return LicenceVerdict(), []
    elif not inputs:
        return LicenceVerdict(verdict="allow", reasons=("The model is new: its licence is yours to choose.",)), []
    is_public = recipe.output is not None and recipe.output.visibility == "public"
    verdict = licence_judge("adapt" if recipe.lora else "train", inputs, is_public=is_public)
    findings = licence_findings(verdict, undeclared, where=("model",), is_public=is_public)
    return verdict, [
        *_data_findings(recipe, facts),
        *(entry for entry in findings if not _is_data_alone(entry.code, verdict)),
    ]


def _is_data_alone(code: str, verdict: LicenceVerdict) -> bool:
    """Whether only datasets ask for a review: each has said so at its own place."""
    return code == "licence_review" and all(link["role"] == "data" for link in verdict.blocking)


def _data_findings(recipe: TrainRecipe, facts: Facts) -> list[Finding]:
    findings = []
    for index, item in enumerate(recipe.data):
        held = facts.get(item.data)
        if held is None or item.data.startswith("builtin:"):
            continue
        verdict = licence_judge("train", [LicenceInput(short_name(item.data), held.licence, "data")])
        if verdict.verdict == "review":
            message, _, consequence = verdict.reasons[0].partition(". ")
            findings.append(finding("data_licence", "warning", ("data", index), f"{message}.", consequence))
    return findings


def _estimate(recipe: TrainRecipe, facts: Facts, trained: RepoFacts) -> Estimate:
    rows = sum(rows_of(item, facts) for item in recipe.data)
    if not trained.parameters:
        trained = trained.model_copy(update={"parameters": shape_of(trained.config).parameters or 0})
    operations = pass_cost(trained) * _PASSES * rows * recipe.epochs
    states = _STATES_ALL if recipe.lora is None else _STATES_LORA
    return models_estimate(
        [trained], _held(recipe, facts), operations, batch=recipe.batch_size, states=states,
        write_bytes=trained.parameters * 4 if recipe.lora is None else trained.parameters // 10,
    )  # fmt: skip


def _held(recipe: TrainRecipe, facts: Facts) -> Iterable[RepoFacts]:
    return [held for item in recipe.data if (held := facts.get(item.data)) is not None]

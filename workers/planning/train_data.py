"""TRAIN, what it learns from: splits, columns and classes; data to validate on; inputs that the model takes."""

from collections.abc import Mapping
from typing import Any

from workers.contracts.complaints import listed
from workers.contracts.facts import RepoFacts
from workers.contracts.findings import Finding
from workers.contracts.paths import Path, where_of
from workers.contracts.recipes import DataReference, Measure, TrainRecipe
from workers.contracts.tasks import Task
from workers.planning.architectures.shape import whole
from workers.planning.builtins import builtin_facts
from workers.planning.check import Facts
from workers.planning.labels import are_named, label_places, shown
from workers.planning.measuring import column_findings, columns_of
from workers.planning.runnable import BUILTIN, data_findings, image_finding, image_of
from workers.planning.wording import add, finding, number, remove, shape_text, short_name

_VALIDATION: Path = ("validation",)


def held_of(item: DataReference, facts: Facts) -> RepoFacts | None:
    """What is known of a dataset; of a built-in one from its table."""
    return builtin_facts(item.data) if item.data.startswith(BUILTIN) else facts.get(item.data)


def learning_findings(
    recipe: TrainRecipe, facts: Facts, task: Task | None, trained: RepoFacts, labels: tuple[str, ...]
) -> list[Finding]:
    """`trained` are the facts of the model, or of the architecture as if it were one; `labels` the classes that it keeps."""
    findings = data_findings(recipe.data, facts)
    findings += _test_findings(recipe) + _validation_findings(recipe, facts)
    readable = not any(entry.severity == "error" for entry in findings)
    if task is not None and readable:
        for path, item in _all(recipe):
            held = held_of(item, facts)
            if held is not None:
                findings += _fit_findings(recipe, task, path, item, held, labels)
        findings += _length_findings(recipe, task, trained.config)
    if task is None or task.name == "image-classification":
        findings += _image_findings(recipe, facts, trained)
    return findings


def _all(recipe: TrainRecipe) -> list[tuple[Path, DataReference]]:
    places: list[tuple[Path, DataReference]] = [(("data", index), item) for index, item in enumerate(recipe.data)]
    return places if recipe.validation is None else [*places, (_VALIDATION, recipe.validation)]


def _fit_findings(
    recipe: TrainRecipe, task: Task, path: Path, item: DataReference, held: RepoFacts, labels: tuple[str, ...]
) -> list[Finding]:
    """Columns that play the task's roles, and classes that the model knows."""
    columns = columns_of(held)
    measure = Measure(data=item.data, split=item.split, columns=recipe.columns)
    findings = column_findings(measure, task, columns, where_of(path)) if columns else []
    if findings or not (task.is_classification and labels and held.labels):
        return findings
    _, misfits = label_places(
        held.labels, labels, our_name=short_name(item.data), their_name=short_name(recipe.model or "the architecture")
    )
    # A head that is drawn anew takes whatever classes the data has.
    repair = [add(("new_head",), True, "Draw a new head for these classes")] if recipe.model else []
    if not misfits and path[0] == "data" and are_named(held.labels) and not are_named(labels):
        name = short_name(recipe.model or "the architecture")
        message = f"The classes of {name} have numbers alone: {shown(held.labels)} are learnt as its classes 0 to {len(held.labels) - 1}."
        consequence = f"The result answers with the {len(labels)} numbers of {name}, not with these names."
        return [finding("labels_by_number", "warning", path, message, consequence, repair)]
    return [
        finding(entry.code, "error", path, entry.message, entry.consequence, repair if path[0] == "data" else [])
        for entry in misfits
    ]


def _test_findings(recipe: TrainRecipe) -> list[Finding]:
    findings = []
    for index, item in enumerate(recipe.data):
        if item.split == "test":
            message = f"The test split of {short_name(item.data)} is trained on."
            consequence = "Measured on it afterwards, the result says nothing about new data."
            findings.append(finding("trains_on_test", "warning", ("data", index, "split"), message, consequence))
    return findings


def _validation_findings(recipe: TrainRecipe, facts: Facts) -> list[Finding]:
    if recipe.validation is not None:
        item = recipe.validation
        found = data_findings([item], facts)
        moved = [
            entry.model_copy(update={"where": entry.where.replace("data[0]", "validation", 1), "repair": ()})
            for entry in found
        ]
        if (item.data, item.split) in {(trained.data, trained.split) for trained in recipe.data}:
            message = f"The split {item.split} of {short_name(item.data)} is trained on and validated on."
            consequence = "What was seen in training says nothing about new data, and nothing about when to stop."
            repair = [remove(_VALIDATION, "Validate on the validation split")]
            moved.append(finding("validates_on_training", "warning", _VALIDATION, message, consequence, repair))
        return moved
    if recipe.early_stop is None:
        return []
    trained = {(item.data, item.split) for item in recipe.data}
    known = [(item, held_of(item, facts)) for item in recipe.data]
    if any(
        held is None or ("validation" in held.splits and (item.data, "validation") not in trained)
        for item, held in known
    ):
        return []
    message = "Early stopping needs data to validate on, and none of the datasets has a validation split that is not trained on."
    repair = [remove(("early_stop",), "Train all epochs")]
    return [finding("validation_missing", "error", ("early_stop",), message, "Name some under validation.", repair)]


def _length_findings(recipe: TrainRecipe, task: Task, config: Mapping[str, Any]) -> list[Finding]:
    longest = whole(dict(config), "max_position_embeddings", "n_positions")
    if recipe.max_length is None:
        return []
    path: Path = ("max_length",)
    if task.name == "image-classification":
        message = "max_length counts tokens, and pictures have none."
        return [finding("max_length_unused", "warning", path, message, repair=[remove(path, "Remove it")])]
    if longest is None or recipe.max_length <= longest:
        return []
    message = f"The model takes {number(longest)} tokens at once, not {number(recipe.max_length)}."
    return [finding("too_long", "error", path, message, repair=[add(path, longest, f"Use {longest}")])]


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

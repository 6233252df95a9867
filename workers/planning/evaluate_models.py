"""Findings about the models of an evaluation: can each be run, asked this task, and do its classes match those of the data?"""

from collections.abc import Sequence
from dataclasses import dataclass

from workers.contracts.facts import RepoFacts
from workers.contracts.findings import Finding
from workers.contracts.paths import Path
from workers.contracts.recipes import EvaluateRecipe
from workers.contracts.tasks import Task
from workers.planning.architectures import shape_of
from workers.planning.bases import ON_A_BASE, base_text, running
from workers.planning.check import Facts
from workers.planning.heads import head_for
from workers.planning.labels import are_named, label_places, shown
from workers.planning.lone import is_onnx, known_tasks, lone_findings
from workers.planning.wording import add, counted, finding, number, remove, short_name


@dataclass(frozen=True)
class Runnable:
    """A model that can be run. `runs` is what is loaded: the entry itself, or the base of an adapter under the head that it has."""

    index: int
    text: str
    facts: RepoFacts
    base: RepoFacts | None

    @property
    def runs(self) -> RepoFacts:
        return running(self.facts, self.base)

    @property
    def path(self) -> Path:
        return ("models", self.index)

    @property
    def labels(self) -> tuple[str, ...]:
        return self.runs.labels


def runnable_models(recipe: EvaluateRecipe, facts: Facts) -> tuple[list[Runnable], list[Finding]]:
    """The models that can be run, and what stops the others."""
    models: list[Runnable] = []
    findings: list[Finding] = []
    for index, text in enumerate(recipe.models):
        path: Path = ("models", index)
        held = facts.get(text)
        base = _base_of(recipe, facts, held)
        found = [_repaired(entry, held, facts, path) for entry in lone_findings(text, held, base, path)]
        findings += found
        if held is not None and not found:
            models.append(Runnable(index, text, held, base))
            findings += _parameters(text, held if base is None else base, path)
    return models, findings


def task_findings(model: Runnable, task: Task) -> list[Finding]:
    """Whether the model can be asked `task`."""
    known = known_tasks(model.facts, model.base)
    if task.name in known:
        return []
    name, head = short_name(model.text), head_for(task.name)
    held = model.runs.architecture or ("ONNX model" if is_onnx(model.runs) else "model without a head")
    wanted = f"It takes a {head.noun}." if head is not None else ""
    message = f"{name} cannot be asked {task.label.lower()}: it is {'an' if held[0] in 'aeiouAEIOU' else 'a'} {held}."
    repair = [remove(model.path, "Remove this model")]
    return [finding(head.code if head is not None else "task_mismatch", "error", model.path, message, wanted, repair)]


def label_findings(models: Sequence[Runnable], labels: Sequence[str], data_name: str) -> list[Finding]:
    """Classes of the data against those of each model; where the data names none, the models against the first of them."""
    findings: list[Finding] = []
    for model in models:
        if not model.labels:
            continue
        name, repair = short_name(model.text), [remove(model.path, "Remove this model")]
        if labels:
            _, found = label_places(labels, model.labels, our_name=data_name, their_name=name)
            findings += [
                finding("label_mismatch", "error", model.path, entry.message, entry.consequence, repair)
                for entry in found
            ]
            findings += [] if found else _extra(model, labels, data_name)
        elif len(model.labels) != len(models[0].labels):
            first = short_name(models[0].text)
            message = (
                f"{name} tells {counted(len(model.labels), 'label')} apart, {first} {number(len(models[0].labels))}."
            )
            consequence = "The same datasets cannot be right for both."
            findings.append(finding("label_mismatch", "error", model.path, message, consequence, repair))
    return findings


def repeated_findings(recipe: EvaluateRecipe, facts: Facts) -> list[Finding]:
    findings = []
    seen: set[tuple[str, str]] = set()
    for index, text in enumerate(recipe.models):
        held = facts.get(text)
        key = (held.repo, held.commit) if held is not None and held.commit else ("", text)
        if key in seen:
            path: Path = ("models", index)
            message, consequence = f"{short_name(text)} is given twice.", "It would be measured twice."
            findings.append(
                finding("duplicate_model", "warning", path, message, consequence, [remove(path, "Remove it")])
            )
        seen.add(key)
    return findings


def _extra(model: Runnable, labels: Sequence[str], data_name: str) -> list[Finding]:
    if not are_named(model.labels) or not are_named(labels) or len(model.labels) == len(labels):
        return []
    folded = {label.strip().casefold() for label in labels}
    extra = [label for label in model.labels if label.strip().casefold() not in folded]
    message = f"{short_name(model.text)} knows {counted(len(extra), 'class', 'classes')} that {data_name} does not have: {shown(extra)}."
    return [finding("label_extra", "warning", model.path, message, "Where it chooses one of them, it is wrong.")]


def _base_of(recipe: EvaluateRecipe, facts: Facts, held: RepoFacts | None) -> RepoFacts | None:
    """What an adapter or a task vector runs on: resolved for it, else one of the recipe's models of that name."""
    if held is None or held.artifact not in ON_A_BASE or not held.base:
        return None
    given = facts.get(base_text(held))
    if given is not None:
        return given
    wanted = held.base[0].partition("@")[0]
    for text in recipe.models:
        other = facts.get(text)
        if other is not None and other is not held and wanted in {other.repo, text.partition("@")[0]}:
            return other
    return None


def _repaired(entry: Finding, held: RepoFacts | None, facts: Facts, path: Path) -> Finding:
    """With the ways out: the base may be added to the models, any model be left out."""
    ways = [remove(path, "Remove this model")]
    if entry.code == "adapter_base_missing" and held is not None and held.base:
        wanted = held.base[0].partition("@")[0]
        ways = [add(("models", "-"), wanted, f"Add {wanted}"), *ways]
    return entry.model_copy(update={"repair": tuple(ways)})


def _parameters(text: str, facts: RepoFacts, path: Path) -> list[Finding]:
    expected = shape_of(facts.config).parameters
    if expected is None or not facts.tensors or expected == facts.parameters:
        return []
    message = f"The config of {short_name(text)} speaks of {number(expected)} parameters, its files hold {number(facts.parameters)}."
    return [finding("parameters_differ", "warning", path, message, "It may not load, or load with gaps.")]

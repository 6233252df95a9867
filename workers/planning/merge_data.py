"""MERGE, what it learns from: one dataset for each source or one for all; columns, classes and answers that the method needs."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from math import prod
from typing import Any

from workers.contracts.complaints import listed
from workers.contracts.facts import RepoFacts
from workers.contracts.findings import Finding, has_errors
from workers.contracts.methods import Method
from workers.contracts.plans import Estimate, Plan
from workers.contracts.recipes import LearningData, Measure, MergeRecipe
from workers.contracts.tasks import Task, task_get
from workers.planning.check import Facts
from workers.planning.columns import gold_role
from workers.planning.estimate import TRANSFORMERS_BYTES, example_bytes, pass_cost
from workers.planning.heads import tasks_of
from workers.planning.labels import label_places
from workers.planning.measuring import column_findings, columns_of
from workers.planning.members import Known
from workers.planning.merge_settings import is_uniform
from workers.planning.runnable import data_findings, image_finding, image_of, rows_of
from workers.planning.train_data import held_of
from workers.planning.training import TRAINABLE
from workers.planning.wording import add, counted, finding, remove, short_name

# A gradient and what the forward pass leaves for it, beside the weights; operations of a forward and a backward pass.
_PASSES = 3
_FLOPS = (2e9, 20e9)
_START_S = (4.0, 9.0)


def task_learned(method: Method, config: Mapping[str, Any]) -> str:
    """The task on which a method learns with models of this config.json: the first that both can do; "" where there is none."""
    wanted = method.tasks or TRAINABLE
    return next((task for task in tasks_of(config) if task in TRAINABLE and task in wanted), "")


def inputs_task(task: Task) -> Task:
    """`task` as a method without labels sees it: its inputs alone."""
    return replace(task, columns=tuple(column for column in task.columns if column.role != gold_role(task)))


def learning_findings(
    recipe: MergeRecipe, method: Method, facts: Facts, sources: Sequence[Known], parameters: Mapping[str, Any]
) -> list[Finding]:
    """`sources` are those that can be compared; `parameters` the recipe's values of what holds for all sources."""
    if not method.learn:
        if not recipe.data:
            return []
        message = f"{method.label} looks at weights alone. The data is not read."
        return [finding("data_unused", "error", ("data",), message, repair=[remove(("data",), "Remove the data")])]
    if recipe.slices or recipe.modules or recipe.compat or not is_uniform(recipe):
        message = (
            f"{method.label} learns with whole models: no slices, modules, gradients, filters or compat can be set."
        )
        return [
            finding(
                "learned_whole", "error", ("method",), message, "Layers laid otherwise have no examples to learn from."
            )
        ]
    if not recipe.data:
        noun = "labelled examples" if method.learns_from_labels(parameters) else "examples without labels"
        message = f"{method.label} learns from {noun}. Name some under data."
        return [
            finding("data_missing", "error", ("data",), message, "One dataset for each source, or one for all of them.")
        ]
    found = _count_findings(recipe, method)
    found += data_findings(recipe.data, facts)
    if not sources:
        return found
    first = sources[0]
    name = task_learned(method, first.facts.config)
    task = task_get(name)
    if task is None:
        can = listed([row.label.lower() for each in method.tasks or TRAINABLE if (row := task_get(each)) is not None])
        message = f"{first.name} does none of what {method.label} can learn on: {can}."
        return [*found, finding("task_unlearnable", "error", ("method",), message)]
    if parameters.get("labels") == "expected" and not task.is_classification:
        message = (
            "Only classes can be gone through one by one. Answers of a language model are drawn, or given by the text."
        )
        found.append(finding("answers_endless", "error", ("labels",), message))
    labelled = method.learns_from_labels(parameters)
    found += _class_findings(parameters, task, labelled=labelled)
    for index, item in enumerate(recipe.data):
        if not has_errors([entry for entry in found if entry.where.startswith(f"data[{index}]")]):
            source = sources[min(index, len(sources) - 1)]
            found += _fit_findings(
                task if labelled else inputs_task(task), index, item, facts, source, labelled=labelled
            )
    return found


def learning_estimate(
    estimate: Estimate, recipe: MergeRecipe, method: Method, plan: Plan, models: Sequence[RepoFacts], facts: Facts
) -> Estimate:
    """Adds what the learning takes: every model in float32 where coefficients are learned, else one at a time; passes over the examples."""
    if not method.learn or not recipe.data:
        return estimate
    values = next((step.parameters for step in plan.steps if step.operation == "merge"), {})
    elements = sum(prod(step.shape) for step in plan.steps)
    counts = [max(0, rows_of(item, facts)) for item in recipe.data]
    sources = len(recipe.sources)
    rows = values.get("steps", 0) * values.get("batch_size", 1) * sources
    if not rows:
        rows = sum(min(values.get("examples", count), count or values.get("examples", 0)) for count in counts)
        rows *= sources if len(counts) == 1 else 1
    passes = _PASSES if method.needs == "gradients" else 1
    operations = rows * passes * pass_cost(models[0])
    held = sources + 3 if "steps" in values else 4
    batch = values.get("batch_size", 8) * sources
    memory = (
        TRANSFORMERS_BYTES
        + 4 * elements * held
        + 4 * batch * example_bytes(models[0], task_learned(method, models[0].config))
    )
    low, high = estimate.seconds
    seconds = (
        round(low + _START_S[0] + operations / _FLOPS[1], 1),
        round(high + _START_S[1] + operations / _FLOPS[0], 1),
    )
    return estimate.model_copy(update={"memory_bytes": max(memory, estimate.memory_bytes), "seconds": seconds})


def _count_findings(recipe: MergeRecipe, method: Method) -> list[Finding]:
    if len(recipe.data) in {1, len(recipe.sources)}:
        return []
    message = f"{counted(len(recipe.data), 'dataset')} for {counted(len(recipe.sources), 'source')}: {method.label} takes one for each, or one for all."
    return [finding("data_count", "error", ("data",), message)]


def _class_findings(parameters: Mapping[str, Any], task: Task, *, labelled: bool) -> list[Finding]:
    """What is counted or guessed class by class, where there are no classes or no labels."""
    ways = [remove(("shots",), "Learn from examples of whatever class")]
    if parameters.get("shots") and not labelled:
        message = "Shots are labelled examples of each class, and nothing is learned from labels here."
        return [finding("shots_unlabelled", "error", ("shots",), message, repair=ways)]
    if parameters.get("shots") and not task.is_classification:
        return [
            finding(
                "shots_unclassed", "error", ("shots",), f"{task.label} has no classes to count shots of.", repair=ways
            )
        ]
    if parameters.get("objective") == "pseudo_labels" and not task.is_classification:
        message = f"{task.label} has no classes that could be guessed. Learn from the texts themselves: objective: supervised."
        repair = [add(("objective",), "supervised", "Learn from the texts themselves")]
        return [finding("guesses_unclassed", "error", ("objective",), message, repair=repair)]
    return []


def _fit_findings(
    task: Task, index: int, item: LearningData, facts: Facts, source: Known, *, labelled: bool
) -> list[Finding]:
    held, path = held_of(item, facts), ("data", index)
    if held is None:
        return []
    columns = columns_of(held)
    measure = Measure(data=item.data, split=item.split, columns=item.columns)
    found = column_findings(measure, task, columns, f"data[{index}]") if columns else []
    if not found and labelled and task.is_classification and held.labels and source.facts.labels:
        _, misfits = label_places(
            held.labels,
            source.facts.labels,
            our_name=short_name(item.data),
            their_name=source.name,
            where=f"data[{index}]",
        )
        found += misfits
    misfit = image_finding(source.member.text, source.facts, path, item, image_of(item, facts))
    found += [misfit] if misfit is not None else []
    if item.split == "test":
        message = (
            f"The test split of {short_name(item.data)} is learned from{'' if labelled else ', without its labels'}."
        )
        consequence = "Measured on it afterwards, the result says little about new data."
        found.append(finding("learns_from_test", "warning", (*path, "split"), message, consequence))
    return found

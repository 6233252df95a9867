"""UNITS of an evaluation: one model on one split, once. Each has a key over everything that decides its answers."""

import hashlib
import json
from dataclasses import dataclass

from workers.contracts.benchmarks import Definition
from workers.contracts.errors import UserError
from workers.contracts.facts import RepoFacts
from workers.contracts.findings import Finding
from workers.contracts.jobs import Input, JobRequest
from workers.contracts.recipes import BATCH_SIZE, EvaluateRecipe, Measure
from workers.contracts.tasks import Task
from workers.jobs.inputs import base_of_adapter, inputs_of
from workers.planning.bases import ON_A_BASE
from workers.planning.estimate import batch_that_fits
from workers.planning.measuring import definition_for, task_of

REVISION = 2


@dataclass(frozen=True)
class Unit:
    """`base` is what an adapter or task vector runs on; `key` names what decides the answers."""

    model: Input
    base: Input | None
    data: Input
    measure: Measure
    task: Task
    definition: Definition
    batch_size: int
    repeat: int
    key: str

    @property
    def name(self) -> str:
        plain = f"{self.model.index}-{self.data.index}"
        return f"{plain}-{self.repeat}" if self.repeat else plain


def units_of(request: JobRequest, recipe: EvaluateRecipe) -> list[Unit]:
    """Model by model, so that each is loaded once; repeats last within a pair.

    Raises:
        UserError: a base is missing, or models and data have no task in common.
    """
    models, datasets = inputs_of(request, "model"), inputs_of(request, "data")
    bases = {model.index: _base(request, model) for model in models}
    runs = [(model.facts, base.facts if (base := bases[model.index]) is not None else None) for model in models]
    tasks = {data.index: _task(recipe.data[data.index], data, runs) for data in datasets}
    return [
        _unit(request, recipe, model, bases[model.index], data, tasks[data.index], repeat)
        for model in models for data in datasets for repeat in range(recipe.repeats)
    ]  # fmt: skip


def _unit(
    request: JobRequest, recipe: EvaluateRecipe, model: Input, base: Input | None, data: Input, task: Task, repeat: int
) -> Unit:
    measure = recipe.data[data.index]
    definition = definition_for(measure, task, data.facts, limit=recipe.limit)
    runs = (base or model).facts
    batch_size = recipe.batch_size or batch_that_fits(runs, task.name, BATCH_SIZE, request.memory_bytes)
    content = [
        [item.facts.commit, [[file.path, file.sha256] for file in item.files]]
        for item in (model, base, data) if item is not None
    ]  # fmt: skip
    parts = [REVISION, definition.model_dump(mode="json"), batch_size, repeat, content]
    key = hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()
    return Unit(model, base, data, measure, task, definition, batch_size, repeat, key)


def _base(request: JobRequest, model: Input) -> Input | None:
    if model.facts.artifact not in ON_A_BASE and not model.facts.adapter:
        return None
    given = [item for item in inputs_of(request, "base") if item.index == model.index]
    return given[0] if given else base_of_adapter(request, model)


def _task(measure: Measure, data: Input, runs: list[tuple[RepoFacts, RepoFacts | None]]) -> Task:
    task = task_of(measure, data.facts, runs)
    if task is not None:
        return task
    message = f"The models and {data.reference} have no task in common. Name the task, or measure them apart."
    finding = Finding(
        code="task_unknown", severity="error", message=message, where=f"data[{data.index}].task", stage="run"
    )
    raise UserError(message, (finding,))

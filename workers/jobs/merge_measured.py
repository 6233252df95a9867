"""What a merge measures with while it runs: the data of a search or of its diagnostics, opened once, and its answers in numbers."""

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import import_module
from math import sqrt
from pathlib import Path
from typing import Any

from workers.contracts.errors import UserError
from workers.contracts.findings import Finding
from workers.contracts.jobs import Input, JobRequest
from workers.contracts.ports import Ports
from workers.contracts.recipes import BATCH_SIZE, DataReference, Measure
from workers.contracts.tasks import Task
from workers.jobs.inputs import inputs_of
from workers.planning.estimate import batch_that_fits
from workers.planning.measuring import task_of

Beat = Callable[[], None]


@dataclass(frozen=True)
class Opened:
    """The datasets of one kind of measuring, all of one task; `rows` for the report."""

    task: Task
    examples: list[Any]
    batch_size: int
    rows: list[dict[str, Any]]

    @property
    def count(self) -> int:
        return sum(len(each) for each in self.examples)


def opened(ports: Ports, data: Sequence[DataReference], first: int, model: Input, place: str) -> Opened:
    """`first` is the number of the first of them among the inputs of the role data; `model` is the one whose task they are.

    Raises:
        UserError: models and data have no task in common, or the data is not what it should be.
    """
    from workers.engine.data.examples import examples_of
    from workers.engine.data.splits import open_split

    request, workspace = ports.workspace.request, ports.workspace
    inputs = {item.index: item for item in inputs_of(request, "data")}
    found: list[Any] = []
    tasks: list[Task] = []
    for number, item in enumerate(data):
        measure = Measure.model_validate(item.model_dump())
        task = task_of(measure, inputs[first + number].facts, [(model.facts, None)])
        if task is None or (tasks and task != tasks[0]):
            reason = (
                "have no task in common"
                if task is None
                else f"are measured at another task than {data[0].data}: name it"
            )
            raise _refused(
                "task_unknown", f"The models and {item.data} {reason}.", f"{place}.data[{number}].task".lstrip(".")
            )
        tasks.append(task)
        split = open_split(
            workspace.input_folder("data", first + number),
            item.split,
            reference=item.data,
            scratch=workspace.journal / "scratch",
        )
        examples = examples_of(split, task.name, columns=measure.columns, limit=measure.limit, name=str(split))
        for warning in examples.warnings:
            ports.reporter.log(f"{warning.message} {warning.consequence}".strip(), "warning")
        found.append(examples)
    batch = batch_that_fits(model.facts, tasks[0].name, BATCH_SIZE, request.memory_bytes)
    return Opened(tasks[0], found, batch, [_row(item, inputs[first + at], found[at]) for at, item in enumerate(data)])


def answers(opened: Opened, predictor: Any, examples: Any, beat: Beat) -> dict[str, Any]:
    """The columns of the task for these examples."""
    module, _, function = opened.task.runner.partition(":")
    runner: Callable[..., dict[str, Any]] = getattr(import_module(module), function)
    return runner(predictor, examples, batch_size=opened.batch_size, options={}, between=lambda done: beat())


def mean_of(scores: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """The mean over datasets. Its interval joins those of the datasets as independent: half widths add up by their squares."""
    values = [score["value"] for score in scores]
    if any(value is None for value in values):
        return {"value": None, "low": None, "high": None}
    if len(scores) == 1:
        return {name: scores[0][name] for name in ("value", "low", "high")}
    value, count = sum(values) / len(values), len(values)
    if any(score["low"] is None or score["high"] is None for score in scores):
        return {"value": value, "low": None, "high": None}
    below = sqrt(sum((score["value"] - score["low"]) ** 2 for score in scores)) / count
    above = sqrt(sum((score["high"] - score["value"]) ** 2 for score in scores)) / count
    return {"value": value, "low": value - below, "high": value + above}


def key_of(request: JobRequest, revision: int, plan: str) -> str:
    """Names what is measured: recipe, plan and content of every input, where it is computed."""
    content = [
        [item.role, item.index, file.path, file.sha256, file.size_bytes]
        for item in request.inputs
        for file in item.files
    ]
    recipe = {name: value for name, value in request.recipe.items() if name not in {"output", "evaluate"}}
    parts = [revision, recipe, plan, content, request.device, request.memory_bytes]
    return hashlib.sha256(json.dumps(parts, sort_keys=True, default=str).encode()).hexdigest()


def folders_of(ports: Ports, models: Sequence[Input]) -> list[Path]:
    return [ports.workspace.input_folder(item.role, item.index) for item in models]


def _row(item: DataReference, held: Input, examples: Any) -> dict[str, Any]:
    return {
        "data": held.facts.repo or item.data, "split": item.split, "examples": len(examples), "commit": held.facts.commit,
        "files": {file.path: file.sha256 for file in held.files},
    }  # fmt: skip


def _refused(code: str, message: str, where: str) -> UserError:
    return UserError(message, (Finding(code=code, severity="error", message=message, where=where, stage="run"),))

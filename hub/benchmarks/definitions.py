"""Definitions in the hub. The one form of each is made in `workers.planning.definitions`, by which the child goes too."""

from typing import Any

from workers.contracts.benchmarks import Definition
from workers.contracts.recipes import Measure
from workers.contracts.tasks import task_get
from workers.planning.definitions import definition_of

__all__ = ["definition_of", "measure_of", "metric_first"]


def measure_of(definition: Definition, *, benchmark: str | None = None) -> Measure:
    """What stands in a recipe to measure by this definition."""
    fields: dict[str, Any] = definition.model_dump(exclude={"protocol"})
    return Measure(**fields, benchmark=benchmark)


def metric_first(definition: Definition) -> str:
    """The metric that entries are ranked by."""
    task = task_get(definition.task)
    return definition.metrics[0] if definition.metrics else task.metrics[0] if task is not None else "accuracy"

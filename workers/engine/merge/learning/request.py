"""LEARNING: the one argument of a method's `learn`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from workers.contracts.plans import Plan, TensorStep
from workers.contracts.ports import Cancel, Reporter


def reference_of(plan: Plan, first_source: int) -> int:
    """A base that the method has no use for stands in the recipe and in no step: nothing is taken from it."""
    return 0 if any(step.has_base for step in plan.steps) else first_source


@dataclass(frozen=True)
class Learning:
    """What is learned from, and where it goes.

    Attributes:
        plan: the merge that will follow. Its first merged tensor's parameters hold for the whole of the learning.
        folders, names: of the models, in the order in which the plan counts them (the base first, where there is one).
        first_source: the number of the first source as the plan counts: 1 where the recipe names a base, used or not.
        data: `workers.engine.data` examples: one for each source, in their order, or one for all of them.
        task: what the models do, a name of the task table.
        out: an empty folder, or what an earlier attempt under the same key left in it: whole files of `part/tensor name`.
        journal: a folder that outlives a kill, for the state of a training.
        key: names the learning: recipe and content of every input. States of another key are not taken up.
        memory_bytes: of the whole process, where it is bounded.
    """

    plan: Plan
    folders: Sequence[Path]
    names: Sequence[str]
    first_source: int
    data: Sequence[Any]
    task: str
    out: Path
    journal: Path
    key: str
    reporter: Reporter
    cancel: Cancel
    device: str = "cpu"
    memory_bytes: int | None = None

    @property
    def merged(self) -> list[TensorStep]:
        """The steps whose tensors are merged; the others are copied, and nothing is learned about them."""
        return [step for step in self.plan.steps if step.operation == "merge"]

    @property
    def parameters(self) -> Mapping[str, Any]:
        return self.merged[0].parameters

    @property
    def reference(self) -> int:
        """The number of the model whose config and module all are run by: the base where it goes in, else the first source."""
        return reference_of(self.plan, self.first_source)

    @property
    def sources(self) -> int:
        return len(self.folders) - self.first_source

    @property
    def seed(self) -> int:
        return self.plan.seed

    def data_of(self, source: int) -> Any:
        """The examples of source 0, 1 …"""
        return self.data[source] if len(self.data) > 1 else self.data[0]

    def told(self, done: float, total: float, unit: str, message: str) -> None:
        """A sign of life, and the place to stop at when asked to."""
        self.cancel.raise_if_requested()
        self.reporter.progress(done, total, unit, message)

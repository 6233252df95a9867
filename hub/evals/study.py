"""What is compared: a child with its parents and base, each with its evaluations on the same splits. Loads no arrays."""

from dataclasses import dataclass

from hub.evals.models import Evaluation
from hub.evals.twins import Key
from workers.contracts.tasks import METRICS, task_get


@dataclass(frozen=True)
class Member:
    """One model of a study with its evaluations."""

    reference: str
    role: str
    commit: str
    rows: dict[Key, Evaluation]
    weight: float | None = None


@dataclass(frozen=True)
class Study:
    """A child, its parents and their base, measured in one metric on the same splits. A repetition from another seed is a study

    of the same shape.
    """

    name: str
    members: tuple[Member, ...]
    keys: tuple[Key, ...]
    missing: tuple[str, ...] = ()
    metric: str = "accuracy"

    @property
    def shape(self) -> tuple[object, ...]:
        return tuple((member.reference, member.role) for member in self.members), self.keys, self.metric


def metric_of(row: Evaluation) -> str:
    """The metric in which the row can be averaged over datasets and taken apart by example: its first that is a mean.

    "" where it has none: a rank correlation or a root of a mean is of the whole alone.
    """
    task = task_get(row.task)
    means = [metric.name for metric in METRICS if metric.form == "mean"]
    names = [row.metric, *(task.metrics if task is not None else ())]
    return next(
        (name for name in names if name in means and (row.metrics.get(name) or {}).get("value") is not None), ""
    )

"""One meaning, one form: the same measurement has the same definition, whoever asked for it and however. Hub and child agree by it."""

from workers.contracts.benchmarks import Definition
from workers.contracts.facts import RepoFacts
from workers.contracts.recipes import Measure
from workers.contracts.tasks import Task


def definition_of(
    measure: Measure, *, task: Task, data: str, facts: RepoFacts | None, limit: int | None = None
) -> Definition:
    """The definition behind `measure`, with `data` pinned. `limit` is that of the whole recipe.

    What goes without saying is left out (a column that is called like its role), what the data itself says is written
    down (its class names), so that digests differ only where numbers may.
    """
    limits = [number for number in (measure.limit, limit) if number is not None]
    labels = measure.labels or (facts.labels if facts is not None and task.is_classification else ())
    return Definition(
        task=task.name,
        data=data,
        split=measure.split,
        columns={role: column for role, column in sorted(measure.columns.items()) if role != column},
        labels=labels,
        metrics=measure.metrics or task.metrics,
        slices=measure.slices,
        cluster=measure.cluster,
        options=measure.options,
        limit=min(limits) if limits else None,
        protocol=task.protocol,
    )

"""What a measurement is about, decided alike before it runs and in the child: its task, its columns, its pinned data."""

from collections.abc import Iterable

from workers.contracts.benchmarks import Definition
from workers.contracts.facts import RepoFacts
from workers.contracts.findings import Finding
from workers.contracts.recipes import Measure
from workers.contracts.tasks import TASKS, Task, task_get
from workers.planning.columns import roles_of
from workers.planning.definitions import definition_of
from workers.planning.lone import known_tasks
from workers.planning.wording import joined

_ARROW = {"F32": "float", "F64": "double", "I64": "int64", "I32": "int32"}


def columns_of(facts: RepoFacts) -> dict[str, str]:
    """The columns of a dataset with their Arrow types; read from its tensors where an older hub took no note of them."""
    if facts.columns:
        return facts.columns
    found: dict[str, str] = {}
    for name, tensor in facts.tensors.items():
        column = name.partition("/")[2]
        found.setdefault(column, "image" if len(tensor.shape) == 4 else _ARROW.get(tensor.dtype, tensor.dtype.lower()))
    return found


def task_of(measure: Measure, data: RepoFacts, models: Iterable[tuple[RepoFacts, RepoFacts | None]]) -> Task | None:
    """The task that is measured: what the recipe says, else the first that every model can do and the data has columns for.

    `models` are entries with their bases. Without a model that says what it can do, the first that the data has columns
    for. None: nothing fits, or no such task.
    """
    if measure.task is not None:
        return task_get(measure.task)
    asked = [tasks for model, base in models if (tasks := known_tasks(model, base))]
    first = asked[0] if asked else tuple(task.name for task in TASKS)
    shared = [name for name in first if all(name in tasks for tasks in asked)]
    columns = columns_of(data)
    rows = [task for name in shared if (task := task_get(name)) is not None]
    # Data whose header says nothing of its columns is taken for what the models can do; reading it will tell.
    return next(
        (task for task in rows if not columns or not roles_of(task, columns, measure.columns, name="")[1]), None
    )


def column_findings(measure: Measure, task: Task, columns: dict[str, str], where: str = "data") -> list[Finding]:
    """Roles of the task that no column plays, and columns that the recipe names and the data does not have."""
    _, findings = roles_of(task, columns, measure.columns, name=measure.data, where=where)
    for place, name in (
        *((f"slices[{at}]", name) for at, name in enumerate(measure.slices)),
        ("cluster", measure.cluster),
    ):
        if name and name not in columns:
            message = f"{measure.data} has no column {name}. It has {joined(sorted(columns)[:12])}."
            findings.append(Finding(code="column_missing", severity="error", message=message, where=f"{where}.{place}"))
    return findings


def pinned(text: str, facts: RepoFacts) -> str:
    """`ns/name@<commit>` of a repo; what is built in, and folders of this machine, by the name they go by."""
    return f"{facts.repo}@{facts.commit}" if facts.repo and facts.commit else text


def definition_for(measure: Measure, task: Task, facts: RepoFacts, *, limit: int | None) -> Definition:
    return definition_of(measure, task=task, data=pinned(measure.data, facts), facts=facts, limit=limit)

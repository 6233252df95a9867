"""The benchmark builder: which data, which task, then which column plays which role. Fields ⇄ the definition as services take it."""

from dataclasses import dataclass, field
from typing import Any

import yaml
from django.http import QueryDict

from hub.benchmarks.data import Data, data_resolve
from hub.pages.making.values import value_of
from workers.contracts.benchmarks import Definition
from workers.contracts.recipes import Measure
from workers.contracts.tasks import TASKS, Task, metric_get, task_get
from workers.planning.columns import fits, roles_of
from workers.planning.contents import classes_seen
from workers.planning.harness import HARNESS_TASKS
from workers.planning.labels import are_named
from workers.planning.options import OPTIONS

MOST_LABELS_SHOWN = 1000
SPLITS = ("test", "validation", "train")


@dataclass(frozen=True)
class RoleField:
    """`choices` are the columns that can play the role, the chosen one first in mind."""

    role: str
    required: bool
    chosen: str
    choices: list[str]


@dataclass
class BuilderForm:
    """`data` is None until one is named that the asker may read; then the other fields have something to choose from."""

    data_name: str
    split: str
    task: Task | None
    data: Data | None = None
    splits: list[tuple[str, int]] = field(default_factory=list)
    roles: list[RoleField] = field(default_factory=list)
    columns: list[str] = field(default_factory=list)
    metrics: list[tuple[str, str]] = field(default_factory=list)
    metric: str = ""
    labels: str = ""
    rows_seen: int = 0  # so many were read for the classes, where these were not all
    slices: list[str] = field(default_factory=list)
    cluster: str = ""
    options: str = ""
    option_names: list[str] = field(default_factory=list)
    has_options: bool = False
    limit: str = ""
    problem: str = ""


def form_of(given: QueryDict, *, user: Any, start: Definition | None = None) -> BuilderForm:
    """From what was sent; what was not sent comes from `start`, else from the data itself."""
    text = given.get("data", start.data.partition("@")[0] if start else "").strip()
    data = data_resolve(user=user, text=text) if text else None
    task = task_get(given.get("task", "") or (start.task if start else "")) or (_task_for(data) if data else None)
    split = given.get("split", start.split if start else "")
    form = BuilderForm(text, split, task, data)
    if text and data is None:
        form.problem = f"There is no dataset {text}, or you may not see it."
    if data is None or task is None:
        return form
    form.splits = [(name, data.rows[name]) for name in SPLITS if name in data.rows]
    if split not in data.rows and form.splits:
        form.split = form.splits[0][0]
    _columns(form, given, start)
    _answers(form, given, start)
    return form


def _columns(form: BuilderForm, given: QueryDict, start: Definition | None) -> None:
    data, task = form.data, form.task
    assert data is not None  # noqa: S101  both are checked by the caller
    assert task is not None  # noqa: S101
    kinds = data.facts.columns
    asked = {column.role: given.get(f"column-{column.role}", "") for column in task.columns}
    if start is not None and start.task == task.name:
        asked = {role: value or start.columns.get(role, "") for role, value in asked.items()}
    chosen, _ = roles_of(task, kinds, {role: value for role, value in asked.items() if value}, name=form.data_name)
    form.columns = list(kinds)
    form.roles = [
        RoleField(
            column.role, column.required, asked[column.role] or ",".join(chosen.get(column.role, ())),
            [name for name, kind in kinds.items() if fits(column.kind, kind)],
        )
        for column in task.columns
    ]  # fmt: skip
    was_sent = "sent" in given
    form.slices = given.getlist("slices") if was_sent else list(start.slices) if start else []
    form.cluster = given.get("cluster", start.cluster if start else "")


def _answers(form: BuilderForm, given: QueryDict, start: Definition | None) -> None:
    data, task = form.data, form.task
    assert data is not None  # noqa: S101  both are checked by the caller
    assert task is not None  # noqa: S101
    form.metrics = [(name, metric_get(name).label) for name in task.metrics]
    before = start.metrics[0] if start and start.metrics else task.metrics[0]
    asked = given.get("metric", before)
    form.metric = asked if asked in task.metrics else task.metrics[0]
    known = start.labels if start and start.labels else data.facts.labels if task.is_classification else ()
    seen, is_whole = _classes_seen(form) if task.is_classification and not known else ((), True)
    form.labels = given.get("labels", "\n".join((known or seen)[:MOST_LABELS_SHOWN]))
    form.rows_seen = 0 if is_whole else _rows_seen(form)
    form.options = given.get("options", _yaml(start.options) if start else "")
    form.option_names = [option.name for option in OPTIONS.get(task.name, ())]
    form.has_options = bool(form.option_names or form.options or task.name in HARNESS_TASKS)
    form.limit = given.get("limit", str(start.limit) if start and start.limit else "")


def _classes_seen(form: BuilderForm) -> tuple[tuple[str, ...], bool]:
    """The names in the column of answers, as far as the split was read. Numbers are no names: those are for the asker to give."""
    data, task = form.data, form.task
    assert data is not None  # noqa: S101  both are checked by the caller
    assert task is not None  # noqa: S101
    measure = Measure(
        data=form.data_name, split=form.split, columns={row.role: row.chosen for row in form.roles if row.chosen}
    )  # type: ignore[arg-type]
    seen, is_whole = classes_seen(measure, task, data.facts)
    return (seen, is_whole) if are_named(seen) else ((), True)


def _rows_seen(form: BuilderForm) -> int:
    held = form.data.facts.seen.get(form.split, {}) if form.data is not None else {}
    return max((seen.rows for seen in held.values()), default=0)


def document_of(form: BuilderForm, given: QueryDict) -> dict[str, Any]:
    """The definition as `benchmark_create` checks it. A column that is called like its role goes without saying."""
    task = form.task
    document: dict[str, Any] = {"task": task.name if task else given.get("task", ""), "data": form.data_name, "split": form.split or "test"}  # fmt: skip
    columns = {row.role: row.chosen for row in form.roles if row.chosen and row.chosen != row.role}
    labels = [line.strip() for line in form.labels.splitlines() if line.strip()]
    metrics = [form.metric, *(name for name, _ in form.metrics if name != form.metric)] if form.metric else []
    for key, value in (
        ("columns", columns), ("labels", labels if task and task.is_classification else []), ("metrics", metrics), ("slices", form.slices),
        ("cluster", form.cluster), ("options", options_read(form.options)), ("limit", value_of(form.limit)),
    ):  # fmt: skip
        if value not in (None, "", [], {}):
            document[key] = value
    return document


def options_read(text: str) -> Any:
    """`few_shot: 3` lines as a mapping. What is no YAML stays text, and the check says that it is no mapping."""
    try:
        return yaml.safe_load(text) if text.strip() else {}
    except (yaml.YAMLError, ValueError, RecursionError):
        return text


def _yaml(options: dict[str, Any]) -> str:
    return yaml.safe_dump(options, sort_keys=True, allow_unicode=True) if options else ""


def _task_for(data: Data) -> Task | None:
    """The task of its card, if it is one that can be measured; else the first whose columns the data has."""
    named = task_get(data.facts.task)
    if named is not None:
        return named
    for task in TASKS:
        roles, findings = roles_of(task, data.facts.columns, {}, name="")
        if not findings and all(column.role in roles for column in task.columns if column.required):
            return task
    return TASKS[0]

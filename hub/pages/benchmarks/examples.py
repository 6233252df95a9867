"""Some examples of a benchmark as its models get them: each column under the role that it plays."""

from collections import Counter
from dataclasses import dataclass
from typing import Any

from hub.benchmarks.models import BenchmarkVersion
from hub.pages.entry import Opened
from hub.pages.numbers import figure
from hub.pages.samples.builtin import builtin_rows
from hub.pages.samples.pictures import Picture
from hub.pages.samples.split import Sampled, spread_rows
from workers.contracts.benchmarks import Definition
from workers.contracts.tasks import task_get
from workers.planning.builtins import builtin_get
from workers.planning.columns import roles_of

SHOWN = 8
PICTURES_SHOWN = 16
LONGEST = 400
MOST_NUMBERS = 8


@dataclass(frozen=True)
class ExampleCell:
    """A picture, or words."""

    text: str = ""
    picture: Picture | None = None


@dataclass(frozen=True)
class Examples:
    """`heads` are roles, with the column's own name where it has another; a row is (number, cells). `roles` are (role, column)."""

    heads: tuple[str, ...] = ()
    rows: tuple[tuple[int, list[ExampleCell]], ...] = ()
    reason: str = ""
    roles: tuple[tuple[str, str], ...] = ()

    @property
    def has_pictures(self) -> bool:
        return any(cell.picture for _, cells in self.rows for cell in cells)


def examples_of(version: BenchmarkVersion, opened: Opened | None, *, user: Any) -> Examples:
    """`opened` is the data at the pinned commit, None for built-in data and for what is gone."""
    definition = Definition.model_validate(version.definition)
    if not version.data_commit:
        return _builtin(definition)
    if opened is None:
        return Examples(reason="Its data is gone from this hub, so no examples are shown.")
    shown = PICTURES_SHOWN if definition.task.startswith("image-") else SHOWN
    most = min(shown, definition.limit or shown)
    count = opened.facts.splits.get(definition.split, 0)
    count = min(count, definition.limit) if definition.limit else count
    sampled = spread_rows(opened.repo, opened.commit, definition.split, most, count=count, user=user)
    if sampled.reason:
        return Examples(reason=sampled.reason)
    kinds = opened.facts.columns or _kinds_of(sampled.columns)
    return _examples(definition, kinds, definition.labels, sampled)


def _builtin(definition: Definition) -> Examples:
    row, held = builtin_get(definition.data), builtin_rows(definition.data, definition.split)
    if row is None or held is None:
        return Examples(reason="These texts come from the Python of whichever worker measures, so none are shown here.")
    columns = {name: kind for name, kind in row.columns.items() if name in held[1]}
    return _examples(definition, columns, definition.labels or row.labels, Sampled(*held))


def _examples(definition: Definition, kinds: dict[str, str], labels: tuple[str, ...], sampled: Sampled) -> Examples:
    columns = _by_role(definition, kinds, sampled.columns)
    return Examples(
        _heads(columns),
        tuple(
            (number, [_cell(sampled.columns[column][place], role, labels) for role, column in columns])
            for place, number in enumerate(sampled.rows)
        ),
        roles=_grouped(columns),
    )


def _heads(columns: list[tuple[str, str]]) -> tuple[str, ...]:
    """The role with its column; where a role has many columns, each by its own name alone."""
    count = Counter(role for role, _ in columns)
    return tuple(column if role == column or count[role] > 1 else f"{role} ({column})" for role, column in columns)


def _grouped(columns: list[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    held: dict[str, list[str]] = {}
    for role, column in columns:
        held.setdefault(role, []).append(column)
    return tuple((role, names[0] if len(names) == 1 else f"{names[0]} … {names[-1]}") for role, names in held.items())


def _kinds_of(held: dict[str, list[Any]]) -> dict[str, str]:
    """Arrow types by what stands in the rows, for repos whose headers were read before columns were."""
    kinds: dict[str, str] = {}
    for name, values in held.items():
        value = next((value for value in values if value is not None), None)
        inner = {int: "int64", float: "double", str: "string"}
        if isinstance(value, Picture):
            kinds[name] = "image"
        elif isinstance(value, list) and value:
            kinds[name] = f"list<item: {inner.get(type(value[0]), 'null')}>"
        elif type(value) in inner:
            kinds[name] = inner[type(value)]
    return kinds


def _by_role(definition: Definition, kinds: dict[str, str], held: dict[str, list[Any]]) -> list[tuple[str, str]]:
    """(role, column) of what the task reads; where that cannot be told, every column under its own name."""
    task = task_get(definition.task)
    chosen = roles_of(task, kinds, definition.columns, name="")[0] if task is not None and kinds else {}
    pairs = [(role, column) for role, columns in chosen.items() for column in columns if column in held]
    pairs += [(column, column) for column in definition.slices if column in held and (column, column) not in pairs]
    return pairs[:12] or [(column, column) for column in list(held)[:6]]


def _cell(value: Any, role: str, labels: tuple[str, ...]) -> ExampleCell:
    if isinstance(value, Picture):
        return ExampleCell(picture=value)
    return ExampleCell(words_of(value, labels if role == "label" else ()))


def words_of(value: Any, labels: tuple[str, ...] = ()) -> str:
    """A value as a person reads it: a class by its name, lists shortened, long texts cut."""
    if value is None:
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int) and 0 <= value < len(labels):
        return labels[value]
    if isinstance(value, int | float):
        return figure(value)
    if isinstance(value, list):
        shown = ", ".join(words_of(entry) for entry in value[:MOST_NUMBERS])
        return f"{shown}, … {len(value)} in all" if len(value) > MOST_NUMBERS else shown
    text = str(value)
    return f"{text[:LONGEST]}…" if len(text) > LONGEST else text

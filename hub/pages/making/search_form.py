"""What a merge leaves open, as fields: which numbers, from where to where, by what they are chosen. Works without JavaScript."""

from dataclasses import dataclass, field
from typing import Any

from django.http import QueryDict

from hub.pages.making.values import text_of, value_of
from hub.pages.numbers import figure
from workers.contracts.methods import Method, Parameter
from workers.contracts.openings import STEPS, ends_of
from workers.contracts.searching import Budget

SPLIT = "validation"
STRATEGIES = (
    ("", "Everything as set above"),
    ("grid", "Every point of a grid"),
    ("successive_halving", "Many points on few examples, the best on all"),
    ("cma_es", "CMA-ES: numbers only, in generations"),
)
_KEYS = {"strategy", "open", "data", "metric", "budget", "seed"}
_RANGE = {"low", "high", "steps"}
_ROW = {"data", "split"}


@dataclass(frozen=True)
class OpenRow:
    """One number that can be left open; `low`, `high`, `steps` are what was typed, the placeholders what goes without saying."""

    name: str
    label: str
    is_open: bool
    low: str
    high: str
    steps: str
    least: str
    most: str
    each: bool


@dataclass
class SearchForm:
    strategy: str = ""
    rows: list[OpenRow] = field(default_factory=list)
    methods: str = ""
    data: str = ""
    metric: str = ""
    trials: str = ""
    seconds: str = ""
    seed: str = ""
    strategies: tuple[tuple[str, str], ...] = STRATEGIES
    steps: int = STEPS
    default_trials: int = Budget().trials


def search_fits(search: Any) -> bool:
    """Whether fields can say all of it: lists of values and columns of data stay text."""
    if search is None:
        return True
    if not isinstance(search, dict) or not search.keys() <= _KEYS:
        return False
    opened, data, budget = search.get("open", {}), search.get("data", []), search.get("budget", {})
    return (
        isinstance(opened, dict)
        and all(_names(value) if name == "method" else _range(value) for name, value in opened.items())
        and isinstance(data, list)
        and all(isinstance(row, dict) and row.keys() <= _ROW and isinstance(row.get("data", ""), str) for row in data)
        and isinstance(budget, dict)
        and budget.keys() <= {"trials", "seconds"}
        and not any(
            isinstance(value, dict | list) for value in [*budget.values(), search.get("metric"), search.get("seed")]
        )
    )


def search_form_of(search: Any, method: Method | None) -> SearchForm:
    held = search if isinstance(search, dict) else {}
    opened, budget = held.get("open") or {}, held.get("budget") or {}
    parameters = [row for row in (method.parameters if method else ()) if row.type in {"number", "integer"}]
    return SearchForm(
        strategy=text_of(held.get("strategy") or "grid") if held else "",
        rows=[_open_row(row, opened) for row in parameters],
        methods=", ".join(opened.get("method") or []),
        data="\n".join(_line(row) for row in held.get("data") or []),
        metric=text_of(held.get("metric")),
        trials=text_of(budget.get("trials")),
        seconds=text_of(budget.get("seconds")),
        seed=text_of(held.get("seed")),
    )


def search_of(data: QueryDict) -> dict[str, Any] | None:
    """The search that the posted fields stand for; None where nothing is left open by choice."""
    strategy = data.get("search", "").strip()
    if not strategy:
        return None
    opened: dict[str, Any] = {}
    if names := [name.strip() for name in data.get("search-methods", "").split(",") if name.strip()]:
        opened["method"] = names
    for name in data.getlist("search-open"):
        given = {key: value_of(data.get(f"search-{key}-{name}", "")) for key in ("low", "high", "steps")}
        opened[name] = {key: value for key, value in given.items() if value is not None}
    search: dict[str, Any] = {"strategy": strategy, "open": opened, "data": _rows(data.get("search-data", ""))}
    budget = {key: value_of(data.get(f"search-{key}", "")) for key in ("trials", "seconds")}
    search |= {"budget": held} if (held := {key: value for key, value in budget.items() if value is not None}) else {}
    search |= {"metric": metric} if (metric := data.get("search-metric", "").strip()) else {}
    seed = value_of(data.get("search-seed", ""))
    return search | ({} if seed is None else {"seed": seed})


def _open_row(row: Parameter, opened: dict[str, Any]) -> OpenRow:
    held = opened.get(row.name) or {}
    low, high = ends_of(row)
    return OpenRow(
        row.name, row.label, row.name in opened, text_of(held.get("low")), text_of(held.get("high")), text_of(held.get("steps")),
        "" if low is None else figure(low), "" if high is None else figure(high), row.name == "weight" and row.scope == "source",
    )  # fmt: skip


def _line(row: dict[str, Any]) -> str:
    split = row.get("split", SPLIT)
    return text_of(row.get("data")) + ("" if split == SPLIT else f" {text_of(split)}")


def _rows(text: str) -> list[dict[str, str]]:
    rows = []
    for line in filter(None, (line.strip() for line in text.splitlines())):
        name, _, split = line.partition(" ")
        rows.append({"data": name} | ({"split": split.strip()} if split.strip() else {}))
    return rows


def _names(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(name, str) and "," not in name for name in value)


def _range(value: Any) -> bool:
    return value is None or (
        isinstance(value, dict)
        and value.keys() <= _RANGE
        and not any(isinstance(end, dict | list) for end in value.values())
    )

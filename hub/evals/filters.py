"""What of a leaderboard one wants to see, and in which order: the same query for pages and REST."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import get_args

from hub.core.errors import Invalid
from workers.contracts.facts import Artifact

AXES: dict[str, str] = {
    "parameters": "Parameters",
    "flops": "FLOPs per example",
    "latency": "Median latency, ms",
    "size": "Bytes",
}
SORTS = ("score", "rank", "name", "measured", *AXES)
_LARGEST = 10**18


@dataclass(frozen=True)
class Filters:
    """Empty fields let everything through. Costs that are not known pass no limit of theirs."""

    q: str = ""
    licence: str = ""
    artifact: str = ""
    base: str = ""
    params_min: float | None = None
    params_max: float | None = None
    flops_max: float | None = None
    latency_max: float | None = None
    size_max: float | None = None
    invalid: bool = False

    @property
    def is_empty(self) -> bool:
        return self == Filters(invalid=self.invalid)


def filters_parse(params: Mapping[str, str]) -> tuple[Filters, str]:
    """Filters and sort of a query. What cannot be read is an error that says what can be."""
    values: dict[str, object] = {}
    for field in fields(Filters):
        text = (params.get(field.name) or "").strip()
        if not text:
            continue
        if field.name == "invalid":
            values[field.name] = text in ("1", "true", "yes", "on")
        elif field.name.endswith(("_min", "_max")):
            values[field.name] = _number(field.name, text)
        else:
            values[field.name] = text[:200]
    artifact = values.get("artifact")
    if artifact and artifact not in get_args(Artifact):
        raise Invalid(f"artifact is {artifact!r}. Choose one of {', '.join(get_args(Artifact))}.")
    return Filters(**values), sort_parse(params.get("sort") or "score")  # type: ignore[arg-type]


def sort_parse(text: str) -> str:
    if text.removeprefix("-") not in SORTS:
        raise Invalid(f"sort is {text[:40]!r}. Choose one of {', '.join(SORTS)}; with - before it the other way round.")
    return text


def _number(name: str, text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value <= _LARGEST:
        raise Invalid(f"{name} is {text[:40]!r}. Write a number from 0 to {_LARGEST:.0e}.")
    return value

"""The measured comparison of merge methods as a page shows it: best first, models as they are apart, every note named."""

from dataclasses import dataclass
from typing import Any

from workers.contracts.methods import method_get
from workers.contracts.methods.measured import measured

_NAMES = {"lambda": "λ", "mask_lambda": "λᵢ"}


@dataclass(frozen=True)
class Line:
    row: dict[str, Any]
    label: str
    is_average: bool
    is_below_average: bool
    chosen: str


def comparison() -> dict[str, Any]:
    """{"figures", "methods", "models"}: lines of methods by their worth at the preset, and of the models as they are."""
    figures = measured()
    ordered = sorted(figures["rows"], key=lambda row: -row["mean"])
    average = next(row["mean"] for row in ordered if row["method"] == "linear")
    lines = [
        Line(row, row["label"], row["method"] == "linear", row["mean"] < average, _settings(row))
        for row in ordered
        if method_get("merge", row["method"]) is not None
    ]
    models = [row for row in ordered if not row["sources"]]
    return {"figures": figures, "methods": lines, "models": models, "commits": " and ".join(figures["commits"])}


def _settings(row: dict[str, Any]) -> str:
    """What was chosen, each number over the seeds: λ 0.9, 1, 1.2."""
    if not row["chosen"]:
        return ""
    taken = row["chosen"]["settings"]
    parts = []
    for name in taken[0]:
        values = sorted({entry[name] for entry in taken})
        parts.append(f"{_NAMES.get(name, name)} {', '.join(f'{value:g}' for value in values)}")
    return " · ".join(parts)

"""The loss along straight lines between the models of a merge. A report may be anybody's upload."""

from dataclasses import dataclass
from typing import Any

from hub.catalog.models import Repo
from hub.pages.charts.figure import Figure, Table
from hub.pages.charts.marks import series_glyph
from hub.pages.charts.series_lines import Line, draw, draw_narrow
from hub.pages.entry import address
from hub.pages.merged.layer_sums import Number
from hub.pages.merged.search import drawable
from hub.pages.numbers import figure as number_words
from hub.pages.numbers import percent

MOST_DRAWN, MOST_LINES, MOST_POINTS = 4, 1000, 101


@dataclass(frozen=True)
class Along:
    """`places` from 0 to 1, and what was measured at each."""

    name: str
    places: list[float]
    losses: list[Number]
    accuracies: list[Number]
    barrier: Number
    at: Number


def barrier_figures(repo: Repo, report: dict[str, Any], revision: str) -> list[tuple[str, Figure]]:
    given = report.get("barrier")
    if not isinstance(given, dict) or not isinstance(given.get("lines"), list):
        return []
    lines = [line for row in given["lines"][:MOST_LINES] if (line := _line(row)) is not None]
    known = sorted((line for line in lines if line.barrier is not None), key=lambda line: -(line.barrier or 0.0))
    if not known:
        return []
    label = str(given.get("loss_label") or "Loss")[:80]
    url = f"{address(repo, 'result')}/layers.csv?revision={revision}&of=barrier"
    title, chosen = _title(known[0]), known[:MOST_DRAWN]
    places = [number_words(place) for place in chosen[0].places]
    drawn = [
        Line(number, line.name, line.losses)
        for number, line in enumerate(chosen, start=1)
        if line.places == chosen[0].places and all(value is None or value >= 0 for value in line.losses)
    ]
    pictures = [draw_in(drawn, places, title) for draw_in in (draw, draw_narrow)] if drawn else []
    legend = [(series_glyph(line.series), line.name) for line in drawn]
    return [("barrier", Figure(title, _sentence(given, label, lines), pictures, _table(lines, label), legend, url))]


def _title(highest: Along) -> str:
    if (highest.barrier or 0.0) < 5e-4:
        return "No line rises above its ends"
    return f"The highest barrier is {number_words(highest.barrier or 0.0)}, from {highest.name}"


def _sentence(given: dict[str, Any], label: str, lines: list[Along]) -> str:
    data = given.get("data") if isinstance(given.get("data"), list) else []
    places = [
        f"{row.get('split')} of {str(row.get('data')).rpartition('/')[2]}" for row in data if isinstance(row, dict)
    ]
    words = f"{label}{f', on {places[0]}' if len(places) == 1 else ', the mean over the datasets' if places else ''}, of the models on the straight line between two."
    words += " The barrier is how far the loss rises above the straight line between its ends. Near 0, the loss of an average is no higher than the average of the two losses."
    return words + (f" The {MOST_DRAWN} highest of {len(lines)} are drawn." if len(lines) > MOST_DRAWN else "")


def _table(lines: list[Along], label: str) -> Table:
    has_accuracy = any(value is not None for line in lines for value in line.accuracies)
    head = ["Line", "Place", "Loss", *(["Accuracy"] if has_accuracy else []), "Barrier"]
    rows: list[list[object]] = []
    for line in lines:
        for place, loss, accuracy in zip(line.places, line.losses, line.accuracies, strict=True):
            shown = [percent(accuracy) if accuracy is not None else "–"] if has_accuracy else []
            height = number_words(line.barrier) if line.barrier is not None and place == line.at else ""
            rows.append([line.name, number_words(place), "–" if loss is None else number_words(loss), *shown, height])
    return Table(head, rows, f"{label} along each line")


def _line(row: Any) -> Along | None:
    if not isinstance(row, dict) or not isinstance(row.get("t"), list) or not 2 <= len(row["t"]) <= MOST_POINTS:
        return None
    places = [drawable(place) for place in row["t"]]
    if any(place is None for place in places):
        return None

    def each(key: str) -> list[Number]:
        values = row.get(key)
        held = values if isinstance(values, list) and len(values) == len(places) else [None] * len(places)
        return [drawable(value) for value in held]

    names = [str(row.get(end) or "")[:120].rpartition("/")[2] for end in ("from", "to")]
    return Along(
        f"{names[0]} to {names[1]}", [place for place in places if place is not None], each("loss"), each("accuracy"),
        drawable(row.get("barrier")), drawable(row.get("at")),
    )  # fmt: skip

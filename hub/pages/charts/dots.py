"""Dot plot with intervals: one row per model, the child on top, its parents in grey below, the best parent as a dashed rule."""

from dataclasses import dataclass

from django.utils.safestring import SafeString

from hub.pages.charts.marks import interval, marker
from hub.pages.charts.scales import Scale, axis, scale_for
from hub.pages.numbers import percent
from hub.pages.svg import picture, tag


@dataclass(frozen=True)
class Row:
    """`value`, `low` and `high` are shares of one. `note` stands at the far right."""

    name: str
    role: str
    value: float
    low: float | None = None
    high: float | None = None
    note: str = ""


def scale_of(rows: list[Row], start: float, end: float, ticks: int = 6) -> Scale:
    values = [value for row in rows for value in (row.value, row.low, row.high) if value is not None]
    return scale_for(values, start, end, ticks=ticks)


def _best_parent(rows: list[Row]) -> float | None:
    parents = [row.value for row in rows if row.role == "parent"]
    return max(parents, default=None)


def draw(rows: list[Row], title: str) -> SafeString:
    """Names left, figures right: for columns of 600 px and more."""
    width, pitch, top = 716.0, 47.0, 23.0
    scale = scale_of(rows, 222.0, 536.0)
    floor = top + pitch * (len(rows) - 1) + 28
    parts = [axis(scale, floor, grid_top=0.0)]
    best = _best_parent(rows)
    if best is not None:
        parts.append(tag("line", class_="best-rule", x1=scale(best), x2=scale(best), y1=0.0, y2=floor))
    for index, row in enumerate(rows):
        y = top + index * pitch
        strong = "strong" if row.role == "child" else None
        parts.append(tag("text", row.name, x=0.0, y=y + 4, class_=strong))
        if row.low is not None and row.high is not None:
            parts.append(interval(row.role, scale, y, row.low, row.high))
        parts.append(marker(row.role, scale(row.value), y))
        parts.append(tag("text", percent(row.value), x=590.0, y=y + 4, text_anchor="end", class_=strong))
        parts.append(tag("text", row.note, x=width, y=y + 4, text_anchor="end", class_="soft"))
    return picture(width, floor + 24, title, *parts, class_="chart wide-chart")


def draw_narrow(rows: list[Row], title: str) -> SafeString:
    """Names above their row: for a phone."""
    width, pitch, top = 330.0, 42.0, 28.0
    scale = scale_of(rows, 8.0, 304.0)
    floor = top + pitch * (len(rows) - 1) + 18
    parts = [axis(scale, floor, grid_top=0.0)]
    best = _best_parent(rows)
    if best is not None:
        parts.append(tag("line", class_="best-rule", x1=scale(best), x2=scale(best), y1=0.0, y2=floor))
    for index, row in enumerate(rows):
        y = top + index * pitch
        class_ = "strong" if row.role == "child" else "soft"
        parts.append(tag("text", row.name, x=8.0, y=y - 13, class_=class_))
        parts.append(tag("text", percent(row.value), x=304.0, y=y - 13, text_anchor="end", class_=class_))
        if row.low is not None and row.high is not None:
            parts.append(interval(row.role, scale, y, row.low, row.high))
        parts.append(marker(row.role, scale(row.value), y, 0.9))
    return picture(width, floor + 24, title, *parts, class_="chart narrow-chart")

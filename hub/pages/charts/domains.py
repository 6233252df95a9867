"""Evaluations by domain: one ruler line per domain, the child with its interval, parents as lettered diamonds beside it."""

from dataclasses import dataclass, field

from django.utils.safestring import SafeString

from hub.pages.charts.marks import interval, marker
from hub.pages.charts.scales import axis, scale_for
from hub.pages.numbers import percent
from hub.pages.svg import picture, tag


@dataclass(frozen=True)
class Point:
    letter: str
    role: str
    value: float
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class Line:
    name: str
    points: list[Point] = field(default_factory=list)
    is_mean: bool = False


def letters_for(names: list[str]) -> list[str]:
    """A letter per parent: the first of its last word that is still free, else the next free of the alphabet."""
    taken: list[str] = []
    for name in names:
        word = name.rsplit("-", 1)[-1].upper()
        wanted = [char for char in word if char.isalpha()] + list("ABCDEFGHIJKLMNOPQRSTUVWXYZ")
        taken.append(next((char for char in wanted if char not in taken), "·"))
    return taken


def _letters(points: list[Point], scale, y: float) -> list[SafeString]:
    """Letters below their diamonds, pushed apart where they would touch; the leading parent's is bold."""
    parents = sorted((point for point in points if point.role == "parent"), key=lambda point: point.value)
    best = max((point.value for point in points), default=0.0)
    parts, last = [], -99.0
    for point in parents:
        x = max(scale(point.value), last + 9)
        last = x
        parts.append(
            tag(
                "text",
                point.letter,
                x=x,
                y=y + 18,
                text_anchor="middle",
                class_="strong" if point.value >= best else "soft",
            )
        )
    return parts


def _draw(
    lines: list[Line], title: str, width: float, start: float, end: float, pitch: float, above: bool, class_: str
) -> SafeString:
    values = [
        value
        for line in lines
        for point in line.points
        for value in (point.value, point.low, point.high)
        if value is not None
    ]
    scale = scale_for(values, start, end, ticks=7)
    top = 34.0 if not above else 44.0
    floor = top + pitch * (len(lines) - 1) + 24
    parts = [axis(scale, floor, grid_top=4.0)]
    for index, line in enumerate(lines):
        y = top + index * pitch
        if line.is_mean and index:
            parts.append(tag("line", class_="axis", x1=0.0, x2=end, y1=y - pitch / 2 + 2, y2=y - pitch / 2 + 2))
        parts.append(tag("line", class_="grid", x1=start, x2=end, y1=y, y2=y))
        parts.append(
            tag("text", line.name, x=0.0, y=y - 20 if above else y + 4, class_="strong" if line.is_mean else None)
        )
        for point in sorted(line.points, key=lambda point: point.role == "child"):
            if point.role == "child" and point.low is not None and point.high is not None:
                parts.append(interval("child", scale, y, point.low, point.high))
            parts.append(marker(point.role, scale(point.value), y, 0.9))
            if point.role == "child":
                parts.append(
                    tag(
                        "text",
                        percent(point.value, unit=False),
                        x=scale(point.value),
                        y=y - 11,
                        text_anchor="middle",
                        class_="child-text",
                    )
                )
        parts += _letters(line.points, scale, y)
    return picture(width, floor + 24, title, *parts, class_=class_)


def draw(lines: list[Line], title: str) -> SafeString:
    return _draw(lines, title, 744.0, 94.0, 724.0, 57.0, False, "chart wide-chart")


def draw_narrow(lines: list[Line], title: str) -> SafeString:
    return _draw(lines, title, 340.0, 6.0, 312.0, 62.0, True, "chart narrow-chart")

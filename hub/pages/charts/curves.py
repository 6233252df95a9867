"""A live curve: value over steps, a note where a later attempt resumed, the last value at the line's end."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.safestring import SafeString

from hub.pages.charts.marks import series_marker
from hub.pages.charts.scales import scale_for
from hub.pages.numbers import figure
from hub.pages.svg import number, picture, tag

MOST_POINTS = 500


@dataclass(frozen=True)
class Curve:
    name: str
    points: list[tuple[float, float]]


def thinned(points: list[tuple[float, float]], most: int = MOST_POINTS) -> list[tuple[float, float]]:
    """At most `most` points, evenly taken, always with the first and the last."""
    if len(points) <= most:
        return points
    pace = (len(points) - 1) / (most - 1)
    return [points[round(index * pace)] for index in range(most)]


def _round_range(low: float, high: float, ticks: int, *, is_whole: bool = False) -> tuple[float, float, float]:
    scale = scale_for([low, high], 0.0, 1.0, ticks=ticks, lowest=-1e18, highest=1e18)
    if is_whole and scale.step < 1:
        return math.floor(low), math.ceil(high), 1.0
    return scale.low, scale.high, scale.step


@dataclass(frozen=True)
class _Frame:
    """Pixels of one drawing; `side` is the room right of the axis for the last value, none on a phone."""

    left: float
    right: float
    floor: float
    side: float
    x_ticks: int
    class_: str


_WIDE = _Frame(52.0, 640.0, 232.0, 120.0, 5, "chart wide-chart")
_NARROW = _Frame(46.0, 322.0, 206.0, 16.0, 4, "chart narrow-chart")


def draw(
    curve: Curve, title: str, x_label: str, resumed_at: list[float] | None = None, others: Sequence[Curve] = (),
    kept_at: float | None = None,
) -> SafeString:  # fmt: skip
    """`others` are drawn thinner on the same axes, as series 2, 3, …; `kept_at` is the step whose weights are kept."""
    return _draw(_WIDE, curve, title, x_label, resumed_at or [], others, kept_at)


def draw_narrow(
    curve: Curve, title: str, x_label: str, resumed_at: list[float] | None = None, others: Sequence[Curve] = (),
    kept_at: float | None = None,
) -> SafeString:  # fmt: skip
    """The last value stands above the axes: for a phone."""
    return _draw(_NARROW, curve, title, x_label, resumed_at or [], others, kept_at)


def _draw(
    frame: _Frame, curve: Curve, title: str, x_label: str, resumed_at: list[float], others: Sequence[Curve], kept_at: float | None
) -> SafeString:  # fmt: skip
    left, right, top, floor = frame.left, frame.right, 20.0, frame.floor
    points = thinned(curve.points)
    beside = [thinned(other.points) for other in others]
    everything = [*points, *(point for line in beside for point in line)]
    xs, ys = [x for x, _ in everything], [y for _, y in everything]
    low, high, step = _round_range(min(ys), max(ys), 5)
    is_whole = all(x == round(x) for x in xs)
    first, last, x_step = _round_range(min(xs), max(max(xs), min(xs) + 1), frame.x_ticks, is_whole=is_whole)

    def across(x: float) -> float:
        return left + (x - first) / (last - first) * (right - left)

    def up(y: float) -> float:
        return floor - (y - low) / (high - low) * (floor - top)

    parts = []
    for index in range(round((high - low) / step) + 1):
        value = low + index * step
        parts.append(tag("line", class_="grid", x1=left, x2=right, y1=up(value), y2=up(value)))
        parts.append(tag("text", figure(round(value, 12)), x=left - 8, y=up(value) + 4, text_anchor="end"))
    parts.append(tag("line", class_="axis", x1=left, x2=right, y1=floor, y2=floor))
    for index in range(round((last - first) / x_step) + 1):
        value = first + index * x_step
        parts.append(tag("line", class_="axis", x1=across(value), x2=across(value), y1=floor, y2=floor + 6))
        parts.append(tag("text", figure(round(value, 12)), x=across(value), y=floor + 19, text_anchor="middle"))
    parts.append(tag("text", x_label, x=right, y=floor + 34, text_anchor="end", class_="soft"))
    for x in resumed_at:
        is_late = across(x) > (left + right) / 2
        parts.append(tag("line", class_="warn-line", x1=across(x), x2=across(x), y1=top, y2=floor))
        parts.append(
            tag(
                "text",
                "resumed here",
                x=across(x) + (-6 if is_late else 6),
                y=floor - 8,
                class_="warn-text",
                text_anchor="end" if is_late else None,
            )
        )
    if kept_at is not None:
        is_late = across(kept_at) > (left + right) / 2
        parts.append(tag("line", class_="kept-line", x1=across(kept_at), x2=across(kept_at), y1=top, y2=floor))
        parts.append(
            tag(
                "text", f"kept: step {number(kept_at)}", x=across(kept_at) + (-6 if is_late else 6), y=floor - 24,
                class_="strong", text_anchor="end" if is_late else None,
            )
        )  # fmt: skip
    for series, line in enumerate(beside, start=2):
        way = "M" + "L".join(f"{number(across(x))} {number(up(y))}" for x, y in line)
        parts.append(tag("path", class_=f"series series-{series}", d=way))
        parts.append(series_marker(series, across(line[-1][0]), up(line[-1][1]), 0.6))
    path = "M" + "L".join(f"{number(across(x))} {number(up(y))}" for x, y in points)
    parts.append(tag("path", class_="child-line", d=path))
    end_x, end_y = points[-1]
    parts.append(tag("circle", class_="child-mark", cx=across(end_x), cy=up(end_y), r=4.5))
    is_inside = across(end_x) + 110 > right + frame.side
    parts.append(
        tag(
            "text",
            f"{curve.name.replace('_', ' ')} {figure(end_y)}",
            x=right if is_inside else across(end_x) + 10,
            y=12.0 if is_inside else up(end_y) - 6,
            class_="strong",
            text_anchor="end" if is_inside else None,
        )
    )
    return picture(right + frame.side, floor + 38, title, *parts, class_=frame.class_)

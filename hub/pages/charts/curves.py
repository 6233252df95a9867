"""A live curve: value over steps, a note where a later attempt resumed, the last value at the line's end."""

from dataclasses import dataclass

from django.utils.safestring import SafeString

from hub.pages.numbers import MINUS
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


def _round_range(low: float, high: float) -> tuple[float, float, float]:
    from hub.pages.charts.scales import scale_for

    scale = scale_for([low, high], 0.0, 1.0, ticks=5, lowest=-1e18, highest=1e18)
    return scale.low, scale.high, scale.step


def draw(curve: Curve, title: str, x_label: str, resumed_at: list[float] | None = None) -> SafeString:
    left, right, top, floor = 52.0, 640.0, 14.0, 232.0
    points = thinned(curve.points)
    xs, ys = [x for x, _ in points], [y for _, y in points]
    low, high, step = _round_range(min(ys), max(ys))
    first, last, x_step = _round_range(min(xs), max(max(xs), min(xs) + 1))

    def across(x: float) -> float:
        return left + (x - first) / (last - first) * (right - left)

    def up(y: float) -> float:
        return floor - (y - low) / (high - low) * (floor - top)

    parts = []
    for index in range(round((high - low) / step) + 1):
        value = low + index * step
        parts.append(tag("line", class_="grid", x1=left, x2=right, y1=up(value), y2=up(value)))
        parts.append(tag("text", f"{value:.6g}".replace("-", MINUS), x=left - 8, y=up(value) + 4, text_anchor="end"))
    parts.append(tag("line", class_="axis", x1=left, x2=right, y1=floor, y2=floor))
    for index in range(round((last - first) / x_step) + 1):
        value = first + index * x_step
        parts.append(tag("line", class_="axis", x1=across(value), x2=across(value), y1=floor, y2=floor + 6))
        parts.append(tag("text", f"{value:.6g}", x=across(value), y=floor + 19, text_anchor="middle"))
    parts.append(tag("text", x_label, x=right + 12, y=floor + 19, class_="soft"))
    for x in resumed_at or []:
        parts.append(tag("line", class_="warn-line", x1=across(x), x2=across(x), y1=top, y2=floor))
        parts.append(tag("text", "resumed here", x=across(x) + 6, y=floor - 8, class_="warn-text"))
    path = "M" + "L".join(f"{number(across(x))} {number(up(y))}" for x, y in points)
    parts.append(tag("path", class_="child-line", d=path))
    end_x, end_y = points[-1]
    parts.append(tag("circle", class_="child-mark", cx=across(end_x), cy=up(end_y), r=4.5))
    parts.append(tag("text", f"{curve.name} {end_y:.4g}", x=across(end_x) + 10, y=up(end_y) - 6, class_="strong"))
    return picture(760.0, floor + 26, title, *parts)

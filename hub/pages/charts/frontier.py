"""What a better score costs: a dot per entry over a logarithmic cost axis, and the front, which nothing cheaper beats, as a stepped line.

Better is up: where a lower score is better, the axis stands on its head and says so in its label.
"""

from collections.abc import Callable
from dataclasses import dataclass

from django.utils.safestring import SafeString

from hub.pages.charts.logs import LogScale, log_scale_for
from hub.pages.charts.scales import Scale, scale_for
from hub.pages.numbers import count_short
from hub.pages.svg import number, picture, tag

MOST_NAMED = 8


@dataclass(frozen=True)
class Spot:
    """`is_front`: no entry costs as little and scores better. `is_here`: the entry that the reader came from."""

    name: str
    cost: float
    score: float
    low: float | None = None
    high: float | None = None
    is_front: bool = False
    is_here: bool = False


@dataclass(frozen=True)
class Axes:
    """How both axes read. `words` writes a score, `lowest` and `highest` are where its scale ends by nature."""

    cost_label: str
    score_label: str
    words: Callable[[float], str]
    higher_is_better: bool = True
    lowest: float = 0.0
    highest: float = 1.0


@dataclass(frozen=True)
class _Frame:
    left: float
    right: float
    floor: float
    side: float
    class_: str


_WIDE = _Frame(54.0, 600.0, 292.0, 144.0, "chart wide-chart")
_NARROW = _Frame(44.0, 312.0, 250.0, 28.0, "chart narrow-chart")
_TOP = 26.0


def draw(spots: list[Spot], axes: Axes, title: str) -> SafeString:
    return _draw(_WIDE, spots, axes, title)


def draw_narrow(spots: list[Spot], axes: Axes, title: str) -> SafeString:
    return _draw(_NARROW, spots, axes, title)


def _vertical(spots: list[Spot], axes: Axes, floor: float) -> Scale:
    values = [value for spot in spots for value in (spot.score, spot.low, spot.high) if value is not None]
    scale = scale_for(values, floor, _TOP, ticks=6, lowest=axes.lowest, highest=axes.highest)
    if axes.higher_is_better:
        return scale
    return Scale(scale.low, scale.high, scale.step, _TOP, floor)


def _grid(frame: _Frame, across: LogScale, up: Scale, axes: Axes) -> list[SafeString]:
    parts = [tag("text", axes.score_label, x=0.0, y=12.0, class_="soft")]
    for value in up.ticks:
        parts.append(tag("line", class_="grid", x1=frame.left, x2=frame.right, y1=up(value), y2=up(value)))
        parts.append(tag("text", axes.words(value), x=frame.left - 8, y=up(value) + 4, text_anchor="end"))
    parts.append(tag("line", class_="axis", x1=frame.left, x2=frame.right, y1=frame.floor, y2=frame.floor))
    for value in across.minor_ticks:
        parts.append(tag("line", class_="axis", x1=across(value), x2=across(value), y1=frame.floor, y2=frame.floor + 3))
    for value in across.ticks:
        x = across(value)
        parts.append(tag("line", class_="axis", x1=x, x2=x, y1=frame.floor, y2=frame.floor + 6))
        parts.append(tag("text", count_short(value), x=x, y=frame.floor + 19, text_anchor="middle"))
    parts.append(
        tag(
            "text", f"{axes.cost_label}, log scale", x=frame.right, y=frame.floor + 35, text_anchor="end", class_="soft"
        )
    )
    return parts


def _front_line(front: list[Spot], across: LogScale, up: Scale, right: float) -> SafeString:
    """Steps: from each point right to the cost of the next one, then up."""
    path = f"M{number(across(front[0].cost))} {number(up(front[0].score))}"
    for spot in front[1:]:
        path += f"H{number(across(spot.cost))}V{number(up(spot.score))}"
    return tag("path", class_="child-line thin", d=f"{path}H{number(right)}")


def _dot(spot: Spot, x: float, y: float) -> list[SafeString]:
    parts = []
    if spot.is_here:
        parts.append(tag("circle", class_="ring", cx=x, cy=y, r=9.0))
    class_, radius = ("child-mark", 4.6) if spot.is_front else ("open-mark", 3.8)
    parts.append(tag("circle", tag("title", spot.name), class_=class_, cx=x, cy=y, r=radius))
    return parts


def _bars(spots: list[Spot], across: LogScale, up: Scale, class_: str) -> list[SafeString]:
    """All capped bars of one look as one path: a board may have many."""
    path = ""
    for spot in spots:
        if spot.low is not None and spot.high is not None:
            x = across(spot.cost)
            first, last = (up(min(max(value, up.low), up.high)) for value in (spot.low, spot.high))
            path += f"M{number(x)} {number(first)}V{number(last)}M{number(x - 3)} {number(first)}h6M{number(x - 3)} {number(last)}h6"
    return [tag("path", class_=f"{class_} thin", d=path)] if path else []


def _names(frame: _Frame, spots: list[Spot], across: LogScale, up: Scale) -> list[SafeString]:
    """Names beside the marks, those that the reader came for first; one that would lie on another is left to the table."""
    parts, taken = [], [(across(spot.cost) - 6, up(spot.score) - 6, 12.0) for spot in spots]
    wanted = sorted((spot for spot in spots if spot.is_front or spot.is_here), key=lambda spot: not spot.is_here)
    for spot in wanted[:MOST_NAMED]:
        x, y, wide = across(spot.cost), up(spot.score), 6.6 * len(spot.name)
        places = ((x + 9, y - 8, "start"), (x - 9, y - 8, "end"), (x + 9, y + 17, "start"), (x - 9, y + 17, "end"))
        for text_x, text_y, anchor in places:
            left = text_x if anchor == "start" else text_x - wide
            is_inside = left >= 0 and left + wide <= frame.right + frame.side and text_y < frame.floor - 2
            box = (left, text_y - 11, wide)
            if is_inside and not any(_touch(box, other) for other in taken):
                class_ = "strong" if spot.is_here else None
                parts.append(tag("text", spot.name, x=text_x, y=text_y, text_anchor=anchor, class_=class_))
                taken.append(box)
                break
    return parts


def _touch(first: tuple[float, float, float], second: tuple[float, float, float]) -> bool:
    height = 13.0
    return first[0] < second[0] + second[2] and second[0] < first[0] + first[2] and abs(first[1] - second[1]) < height


def _draw(frame: _Frame, spots: list[Spot], axes: Axes, title: str) -> SafeString:
    across = log_scale_for([spot.cost for spot in spots], frame.left, frame.right)
    up = _vertical(spots, axes, frame.floor)
    front = sorted((spot for spot in spots if spot.is_front), key=lambda spot: spot.cost)
    parts = _grid(frame, across, up, axes)
    if front:
        parts.append(_front_line(front, across, up, frame.right))
    others = [spot for spot in spots if not spot.is_front]
    parts += _bars(others, across, up, "parent-line") + _bars(front, across, up, "child-line")
    for spot in [*others, *front]:
        parts += _dot(spot, across(spot.cost), up(spot.score))
    parts += _names(frame, spots, across, up)
    return picture(frame.right + frame.side, frame.floor + 40, title, *parts, class_=frame.class_)

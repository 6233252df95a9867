"""A line per entry over named places, such as layers; each line with its dash, its marker at the last point and its name beside it."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.safestring import SafeString

from hub.pages.charts.marks import series_marker
from hub.pages.charts.scales import Scale, scale_for
from hub.pages.numbers import figure
from hub.pages.svg import number, picture, tag


@dataclass(frozen=True)
class Line:
    """`values` has one per place, None where nothing is known."""

    series: int
    name: str
    values: Sequence[float | None]


def _path(line: Line, across, scale: Scale) -> str:
    """Broken where a value is missing."""
    steps, is_open = [], False
    for place, value in enumerate(line.values):
        if value is None:
            is_open = False
            continue
        steps.append(f"{'L' if is_open else 'M'}{number(across(place))} {number(scale(value))}")
        is_open = True
    return "".join(steps)


def _label_heights(lines: Sequence[Line], scale: Scale) -> dict[int, float]:
    """Labels at the line ends, pushed apart where they would touch."""
    ends = sorted(
        (scale(next(value for value in reversed(line.values) if value is not None)), line.series) for line in lines
    )
    placed: dict[int, float] = {}
    last = -99.0
    for y, series in ends:
        last = max(y, last + 15)
        placed[series] = last
    return placed


def _draw(
    lines: Sequence[Line], places: Sequence[str], title: str, *, width: float, right: float, floor: float, class_: str
) -> SafeString:
    left, top = 44.0, 12.0
    known = [line for line in lines if any(value is not None for value in line.values)]
    values = [value for line in known for value in line.values if value is not None]
    scale = scale_for([0.0, *values], floor, top, ticks=5, lowest=0.0, highest=1e15)
    step = (right - left) / max(1, len(places) - 1)

    def across(place: int) -> float:
        return left + step * place

    parts = []
    for tick in scale.ticks:
        parts.append(
            tag(
                "line",
                class_="axis" if tick == scale.low else "grid",
                x1=left,
                x2=right,
                y1=scale(tick),
                y2=scale(tick),
            )
        )
        parts.append(tag("text", figure(round(tick, 12)), x=left - 8, y=scale(tick) + 4, text_anchor="end"))
    pace = max(1, -(-len(places) * 46 // int(right - left)))
    for place, name in enumerate(places):
        parts.append(
            tag(
                "line",
                class_="axis",
                x1=across(place),
                x2=across(place),
                y1=floor,
                y2=floor + (6 if place % pace == 0 else 3),
            )
        )
        if place % pace == 0 or (place == len(places) - 1 and place % pace > pace / 2):
            parts.append(tag("text", name, x=across(place), y=floor + 19, text_anchor="middle"))
    heights = _label_heights(known, scale)
    for line in sorted(known, key=lambda line: -line.series):
        parts.append(tag("path", class_=f"series series-{line.series}", d=_path(line, across, scale)))
        place, end = [(place, value) for place, value in enumerate(line.values) if value is not None][-1]
        parts.append(series_marker(line.series, across(place), scale(end), 0.68))
        if width > right + 60:
            parts.append(tag("text", f"{line.name} {figure(float(f'{end:.3g}'))}", x=right + 14, y=heights[line.series] + 4, class_="strong" if line.series == 1 else None))  # fmt: skip
    return picture(width, floor + 26, title, *parts, class_=class_)


def draw(lines: Sequence[Line], places: Sequence[str], title: str) -> SafeString:
    return _draw(lines, places, title, width=548.0, right=392.0, floor=216.0, class_="chart wide-chart")


def draw_narrow(lines: Sequence[Line], places: Sequence[str], title: str) -> SafeString:
    """Without names at the line ends: the legend has them."""
    return _draw(lines, places, title, width=336.0, right=320.0, floor=196.0, class_="chart narrow-chart")

"""Several entries over several datasets: one band per dataset, in it one marker with its interval per entry."""

from dataclasses import dataclass

from django.utils.safestring import SafeString

from hub.pages.charts.marks import series_marker
from hub.pages.charts.scales import Scale, scale_for
from hub.pages.charts.scales import label as share_label
from hub.pages.numbers import figure
from hub.pages.svg import join, picture, tag


@dataclass(frozen=True)
class Dot:
    """`series` is the marker, from 1."""

    series: int
    value: float
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class Band:
    name: str
    dots: list[Dot]
    is_mean: bool = False


def _scale(bands: list[Band], start: float, end: float, is_share: bool, ticks: int) -> Scale:
    values = [
        value for band in bands for dot in band.dots for value in (dot.value, dot.low, dot.high) if value is not None
    ]
    return scale_for(values, start, end, ticks=ticks) if is_share else scale_for(values, start, end, ticks=ticks, lowest=-1e15, highest=1e15)  # fmt: skip


def _axis(scale: Scale, floor: float, is_share: bool) -> SafeString:
    parts = [tag("line", class_="grid", x1=scale(tick), x2=scale(tick), y1=2.0, y2=floor) for tick in scale.ticks]
    parts.append(tag("line", class_="axis", x1=scale.start, x2=scale.end, y1=floor, y2=floor))
    parts += [
        tag("line", class_="axis", x1=scale(tick), x2=scale(tick), y1=floor, y2=floor + 3) for tick in scale.minor_ticks
    ]
    for place, tick in enumerate(scale.ticks):
        is_last = place == len(scale.ticks) - 1
        text = share_label(tick, scale.step, "%" if is_last else "") if is_share else figure(round(tick, 12))
        parts.append(tag("line", class_="axis", x1=scale(tick), x2=scale(tick), y1=floor, y2=floor + 6))
        parts.append(tag("text", text, x=scale(tick), y=floor + 19, text_anchor="middle"))
    return join(parts)


def _dot(dot: Dot, scale: Scale, y: float) -> SafeString:
    parts = []
    if dot.low is not None and dot.high is not None:
        x1, x2 = scale(max(dot.low, scale.low)), scale(min(dot.high, scale.high))
        class_ = f"series-bar series-bar-{dot.series}"
        parts = [tag("line", class_=class_, x1=a, x2=b, y1=top, y2=floor) for a, b, top, floor in ((x1, x2, y, y), (x1, x1, y - 3, y + 3), (x2, x2, y - 3, y + 3))]  # fmt: skip
    return join([*parts, series_marker(dot.series, scale(dot.value), y, 0.68)])


def _draw(
    bands: list[Band], title: str, is_share: bool, *, width: float, start: float, end: float, is_narrow: bool
) -> SafeString:
    scale = _scale(bands, start, end, is_share, 4 if is_narrow else 6)
    pitch, parts, y = 12.0, [], 4.0
    drawn = []
    for place, band in enumerate(bands):
        height = pitch * max(1, len(band.dots)) + (30.0 if is_narrow else 16.0)
        if band.is_mean and place:
            drawn.append(tag("line", class_="axis", x1=0.0, x2=end, y1=y, y2=y))
        first = y + (26.0 if is_narrow else 8.0) + pitch / 2
        name_y = y + 15.0 if is_narrow else first + pitch * (len(band.dots) - 1) / 2 + 4
        drawn.append(tag("text", band.name if is_narrow else _cut(band.name, start), x=0.0, y=name_y, class_="strong" if band.is_mean else None))  # fmt: skip
        drawn += [_dot(dot, scale, first + pitch * number) for number, dot in enumerate(band.dots)]
        y += height
    floor = y + 4
    parts = [_axis(scale, floor, is_share), *drawn]
    return picture(width, floor + 26, title, *parts, class_=f"chart {'narrow' if is_narrow else 'wide'}-chart")


_LETTER = 6.4  # px, of the text beside the axis


def _cut(name: str, room: float) -> str:
    letters = int(room / _LETTER) - 1
    return name if len(name) <= letters else f"{name[: letters - 1]}…"


def draw(bands: list[Band], title: str, *, is_share: bool = True) -> SafeString:
    """For columns of 460 px and more; names left, with as much room as the longest needs, up to a third of the width."""
    longest = max((len(band.name) for band in bands), default=0)
    start = min(184.0, max(92.0, _LETTER * (longest + 2)))
    return _draw(bands, title, is_share, width=548.0, start=start, end=524.0, is_narrow=False)


def draw_narrow(bands: list[Band], title: str, *, is_share: bool = True) -> SafeString:
    """Names above their band: for a phone."""
    return _draw(bands, title, is_share, width=336.0, start=8.0, end=310.0, is_narrow=True)

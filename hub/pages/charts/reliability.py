"""Reliability diagram: the share right over the confidence given, bin by bin, beside the line on which both are equal."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.safestring import SafeString

from hub.pages.charts.scales import Scale
from hub.pages.numbers import NARROW
from hub.pages.svg import picture, tag


@dataclass(frozen=True)
class Bin:
    """Shares of one; `n` answers."""

    confidence: float
    accuracy: float
    low: float
    high: float
    n: int


def _draw(bins: Sequence[Bin], title: str, *, width: float, side: float, class_: str) -> SafeString:
    left, top = 46.0, 10.0
    # Answers crowd near 100 %: the axes begin at the round number below the least.
    least = min((min(entry.confidence, entry.low) for entry in bins), default=0.0)
    low = max(0.0, int(least * 10) / 10)
    step = 0.1 if low > 0.45 else 0.2
    across, up = Scale(low, 1.0, step, left, left + side), Scale(low, 1.0, step, top + side, top)
    parts = []
    ticks = [tick for number in range(12) if (tick := round(1.0 - step * number, 6)) >= low - 1e-9][::-1]
    for tick in ticks:
        text = f"{tick * 100:.0f}" + (f"{NARROW}%" if tick == ticks[-1] else "")
        parts.append(tag("line", class_="grid", x1=left, x2=left + side, y1=up(tick), y2=up(tick)))
        parts.append(tag("text", text, x=left - 8, y=up(tick) + 4, text_anchor="end"))
        parts.append(tag("line", class_="axis", x1=across(tick), x2=across(tick), y1=top + side, y2=top + side + 6))
        parts.append(tag("text", text, x=across(tick), y=top + side + 19, text_anchor="middle"))
    parts.append(tag("line", class_="axis", x1=left, x2=left + side, y1=top + side, y2=top + side))
    parts.append(tag("line", class_="best-rule", x1=across(low), x2=across(1.0), y1=up(low), y2=up(1.0)))
    for entry in bins:
        x = across(entry.confidence)
        parts.append(tag("line", class_="child-line thin", x1=x, x2=x, y1=up(max(low, entry.low)), y2=up(entry.high)))
        parts += [tag("line", class_="child-line thin", x1=x - 3, x2=x + 3, y1=up(y), y2=up(y)) for y in (max(low, entry.low), entry.high)]  # fmt: skip
        parts.append(tag("circle", class_="child-mark", cx=x, cy=up(max(low, entry.accuracy)), r=4.2))
    parts.append(tag("text", "confidence", x=left + side, y=top + side + 34, text_anchor="end", class_="soft"))
    parts.append(tag("text", "share right", x=left + 6, y=top + 6, class_="soft"))
    return picture(width, top + side + 38, title, *parts, class_=class_)


def draw(bins: Sequence[Bin], title: str) -> SafeString:
    return _draw(bins, title, width=420.0, side=340.0, class_="chart wide-chart")


def draw_narrow(bins: Sequence[Bin], title: str) -> SafeString:
    return _draw(bins, title, width=330.0, side=264.0, class_="chart narrow-chart")

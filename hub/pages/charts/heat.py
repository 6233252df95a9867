"""Layer × source heat map in six steps of the accent, a figure in every cell; one share of each layer as a dot on a ruler at the right."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from django.utils.safestring import SafeString

from hub.pages.charts.marks import diamond
from hub.pages.numbers import percent
from hub.pages.svg import join, picture, tag

STEPS = 6


@dataclass(frozen=True)
class Layer:
    """`values` has one figure per source, None where it is not known; `agreement` is the share that stands on the ruler."""

    name: str
    values: Sequence[float | None]
    agreement: float | None = None


def step_of(value: float, highest: float) -> int:
    """Which of the six steps: equal widths from zero to the highest value."""
    if highest <= 0:
        return 0
    return min(STEPS - 1, int(value / highest * STEPS))


def places_for(highest: float) -> int:
    """Enough places that the highest figure shows three digits at most, two at least."""
    return 0 if highest >= 100 else 1 if highest >= 10 else 2


def draw(
    layers: list[Layer],
    sources: list[str],
    title: str,
    measure: str = "change, relative to the base",
    *,
    highest: float | None = None,
    show: Callable[[float], str] | None = None,
    ruled: str = "sign agreement",
) -> SafeString:
    """`highest` is where the steps end, the highest value where it is left out; values below zero are in the first step."""
    left, cells, pitch, top = 98.0, 460.0, 23.0, 24.0
    has_agreement = any(layer.agreement is not None for layer in layers)
    cell = cells / max(1, len(sources))
    most = max((value for layer in layers for value in layer.values if value is not None), default=0.0)
    end = most if highest is None else highest
    places = places_for(end)
    write = show or (lambda value: f"{value:.{places}f}")
    parts = [
        tag("text", _short(name, cell), x=left + cell * (index + 0.5), y=13.0, text_anchor="middle")
        for index, name in enumerate(sources)
    ]
    if has_agreement:
        parts.append(tag("text", ruled, x=582.0, y=13.0))
    for row, layer in enumerate(layers):
        y = top + row * pitch
        parts.append(tag("text", _short(layer.name, left), x=0.0, y=y + 15))
        for column, value in enumerate(layer.values):
            parts.append(_cell(value, end, write, left + column * cell, y, cell, pitch))
        if layer.agreement is not None:
            parts.append(_agreement(layer.agreement, y + pitch / 2))
    floor = top + len(layers) * pitch
    parts.append(_legend(left, floor + 10, end, measure, write))
    return picture(740.0, floor + 44, title, *parts)


def _cell(
    value: float | None, end: float, write: Callable[[float], str], x: float, y: float, cell: float, pitch: float
) -> SafeString:
    step = step_of(max(0.0, value or 0.0), end)
    class_ = "on-heat" if step > 3 else "in-heat"
    word = tag(
        "text", "–" if value is None else write(value), x=x + cell / 2, y=y + 15, text_anchor="middle", class_=class_
    )
    if value is None:
        return word
    return join([tag("rect", class_=f"heat heat-{step}", x=x, y=y, width=cell - 2, height=pitch - 2), word])


def _short(name: str, width: float) -> str:
    letters = max(4, int(width / 7))
    return name if len(name) <= letters else f"{name[: letters - 1]}…"


def _agreement(share: float, y: float) -> SafeString:
    start, end = 584.0, 650.0
    return join(
        [
            tag("line", class_="grid", x1=start, x2=end, y1=y, y2=y),
            diamond(start + (end - start) * min(1.0, max(0.0, share)), y, 4.5),
            tag("text", percent(share, 0), x=700.0, y=y + 4, text_anchor="end"),
        ]
    )


def _legend(left: float, y: float, highest: float, measure: str, write: Callable[[float], str]) -> SafeString:
    start, width = left + 200.0, 43.0
    parts = [tag("text", measure, x=start - 12, y=y + 9, text_anchor="end", class_="soft")]
    for step in range(STEPS):
        x = start + step * width
        parts.append(tag("rect", class_=f"heat heat-{step}", x=x, y=y, width=width - 1, height=9.0))
        parts.append(
            tag(
                "text",
                write(highest * step / STEPS),
                x=x,
                y=y + 22,
                text_anchor="middle",
                class_="soft",
            )
        )
    return join(parts)

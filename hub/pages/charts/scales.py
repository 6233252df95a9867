"""From numbers to pixels, and where an instrument would have its ticks."""

import math
from dataclasses import dataclass

from django.utils.safestring import SafeString

from hub.pages.numbers import MINUS, NARROW
from hub.pages.svg import join, tag

_STEPS = (1, 2, 5, 10)


@dataclass(frozen=True)
class Scale:
    """Linear, from `low`..`high` to `start`..`end` pixels. `step` is the distance of labelled ticks."""

    low: float
    high: float
    step: float
    start: float
    end: float

    def __call__(self, value: float) -> float:
        share = (value - self.low) / (self.high - self.low)
        return self.start + share * (self.end - self.start)

    @property
    def ticks(self) -> list[float]:
        count = round((self.high - self.low) / self.step)
        return [self.low + index * self.step for index in range(count + 1)]

    @property
    def minor_ticks(self) -> list[float]:
        """Three unlabelled ticks between two labelled ones."""
        return [
            tick + self.step * part / 4
            for tick in self.ticks[:-1]
            for part in (1, 2, 3)
            if tick + self.step < self.high + 1e-9
        ]


def scale_for(
    values: list[float], start: float, end: float, *, ticks: int = 6, lowest: float = 0.0, highest: float = 1.0
) -> Scale:
    """A scale of round steps around `values`, kept inside `lowest`..`highest`."""
    low, high = (min(values), max(values)) if values else (lowest, highest)
    if high - low < 1e-6:
        low, high = low - 0.01, high + 0.01
    most = ticks + 1
    power = 10 ** math.floor(math.log10((high - low) / most))
    step = next(factor * power for factor in _STEPS if (high - low) / (factor * power) <= most + 1e-9)
    first = math.floor(low / step + 1e-9) * step
    last = math.ceil(high / step - 1e-9) * step
    first = max(first, math.floor(lowest / step) * step)
    last = min(last, math.ceil(highest / step - 1e-9) * step)
    if last <= first:
        last = first + step
    return Scale(first, last, step, start, end)


def label(value: float, step: float, unit: str = "") -> str:
    """A tick's label in percent, with no more places than the step needs. The unit goes on the last one only."""
    places = (
        max(0, -math.floor(math.log10(step * 100) + 1e-9)) if step * 100 < 1 else (1 if (step * 100) % 1 > 1e-6 else 0)
    )
    text = f"{value * 100:.{places}f}".replace("-", MINUS)
    return f"{text}{NARROW}{unit}" if unit else text


def axis(scale: Scale, y: float, *, unit: str = "%", grid_top: float | None = None) -> SafeString:
    """A baseline with outward ticks, light gridlines at the labelled ones."""
    parts = []
    if grid_top is not None:
        parts += [tag("line", class_="grid", x1=scale(tick), x2=scale(tick), y1=grid_top, y2=y) for tick in scale.ticks]
    parts.append(tag("line", class_="axis", x1=scale.start, x2=scale.end, y1=y, y2=y))
    parts += [tag("line", class_="axis", x1=scale(tick), x2=scale(tick), y1=y, y2=y + 3) for tick in scale.minor_ticks]
    last = scale.ticks[-1]
    for tick in scale.ticks:
        parts.append(tag("line", class_="axis", x1=scale(tick), x2=scale(tick), y1=y, y2=y + 6))
        text = label(tick, scale.step, unit if tick == last else "")
        parts.append(tag("text", text, x=scale(tick), y=y + 19, text_anchor="middle"))
    return join(parts)

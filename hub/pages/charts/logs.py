"""A logarithmic ruler: labelled at 1, 2 and 5 of each power of ten, with small ticks between."""

import math
from dataclasses import dataclass

_LABELLED = ((1, 2, 5), (1, 3), (1,))
MOST_LABELS = 6


@dataclass(frozen=True)
class LogScale:
    """From `low`..`high`, both above zero, to `start`..`end` pixels."""

    low: float
    high: float
    start: float
    end: float

    def __call__(self, value: float) -> float:
        share = math.log(value / self.low) / math.log(self.high / self.low)
        return self.start + share * (self.end - self.start)

    def _between(self, factors: tuple[int, ...]) -> list[float]:
        first, last = math.floor(math.log10(self.low)), math.ceil(math.log10(self.high))
        values = [factor * 10.0**power for power in range(first, last + 1) for factor in factors]
        return [value for value in values if self.low * 0.9999 <= value <= self.high * 1.0001]

    @property
    def ticks(self) -> list[float]:
        """The closest spacing that leaves room for the labels; at least one tick."""
        for factors in _LABELLED:
            found = self._between(factors)
            if 1 < len(found) <= MOST_LABELS:
                return found
        powers = self._between((1,))
        pace = max(1, math.ceil(len(powers) / MOST_LABELS))
        return powers[::pace] or [self.low]

    @property
    def minor_ticks(self) -> list[float]:
        labelled = set(self.ticks)
        return [value for value in self._between(tuple(range(1, 10))) if value not in labelled]


def log_scale_for(values: list[float], start: float, end: float) -> LogScale:
    """A ruler around `values` with a little air, never narrower than a factor of four. Only what is above zero has a place."""
    low, high = min(values), max(values)
    air = max(1.12, (4 * low / high) ** 0.5)
    return LogScale(low / air, high * air, start, end)

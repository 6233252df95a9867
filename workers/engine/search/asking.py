"""What a strategy and whoever tries its points say to each other."""

from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from typing import Any

from workers.planning.search_space import Space, Values


@dataclass(frozen=True)
class Asked:
    """A point of the space, and on which share of the examples it is to be measured."""

    values: dict[str, Any]
    share: float = 1.0


# Higher is better; None for a point that could not be merged or measured.
Score = float | None
# Gives points, some at a time, and is sent their scores in the same order. It draws from its seed alone: told the same
# scores it asks the same again, so that a journal of scores is all that a resumed search needs.
Strategy = Generator[list[Asked], Sequence[Score], None]
Make = Callable[[Space, int, int, int], Strategy]


def place_of(values: Values, among: Sequence[Values]) -> int | None:
    return next((index for index, other in enumerate(among) if dict(other) == dict(values)), None)


def best_first(points: Sequence[Asked], scores: Sequence[Score]) -> list[Asked]:
    """By score; what was asked earlier comes first among equals, what could not be measured is left out."""
    rated = [(-score, index) for index, score in enumerate(scores) if score is not None]
    return [points[index] for _, index in sorted(rated)]

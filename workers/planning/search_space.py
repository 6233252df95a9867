"""SPACE: the recipes that a search chooses from. A point says what each open number is; every point is an ordinary recipe."""

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import log
from typing import Any

from workers.contracts.methods import method_get
from workers.contracts.openings import METHOD, Opening, methods_open, openings_of
from workers.contracts.parameters import resolve_parameters
from workers.contracts.recipes import MergeRecipe, Source

# What a number in a recipe is rounded to: as a person would write it.
DIGITS = 6
ETA = 3
# Fewer examples say nothing of a merge.
FEWEST_EXAMPLES = 20
Values = Mapping[str, Any]


@dataclass(frozen=True)
class Axis:
    """One open number: `key` is its place in the recipe, `source` the number of the source that it belongs to, if it does."""

    key: str
    opening: Opening
    source: int | None = None

    @property
    def is_numeric(self) -> bool:
        return not self.opening.values

    def points(self) -> tuple[Any, ...]:
        opening = self.opening
        if opening.values:
            return opening.values
        width = opening.high - opening.low
        return tuple(
            dict.fromkeys(self.at(opening.low + width * step / (opening.steps - 1)) for step in range(opening.steps))
        )

    def at(self, value: float) -> float | int:
        """A number of the range, as a recipe would say it."""
        held = min(max(float(f"{value:.{DIGITS}g}"), self.opening.low), self.opening.high)
        return round(held) if self.opening.is_whole else held


class Space:
    """Of a recipe with a search."""

    def __init__(self, recipe: MergeRecipe) -> None:
        self.recipe, self.methods = recipe, methods_open(recipe)
        self.axes = tuple(axis for opening in openings_of(recipe) for axis in _axes(opening, len(recipe.sources)))

    @property
    def is_over_methods(self) -> bool:
        return len(self.methods) > 1

    def axes_of(self, method: str) -> tuple[Axis, ...]:
        """The open numbers that a method has."""
        row = method_get("merge", method)
        return tuple(axis for axis in self.axes if row is not None and row.parameter(axis.opening.name) is not None)

    def start(self) -> dict[str, Any]:
        """The point that the recipe as it stands is; a setting along the layers stands for itself."""
        row = method_get("merge", self.recipe.method)
        if row is None:
            return {}
        shared, per_source = resolve_parameters(self.recipe, row)
        values = {}
        for axis in self.axes_of(self.recipe.method):
            name = axis.opening.name
            held = per_source[axis.source or 0] if name in per_source[0] else shared
            if axis.source is None and name in per_source[0] and len({repr(each[name]) for each in per_source}) > 1:
                values[axis.key] = [each[name] for each in per_source]
            else:
                values[axis.key] = held[name]
        return self._with_method(self.recipe.method, values)

    def size(self) -> int:
        """Points of the grid."""
        total = 0
        for method in self.methods:
            count = 1
            for axis in self.axes_of(method):
                count *= len(axis.points())
            total += count
        return total

    def reach(self, most: int) -> int:
        """How many different points there are to draw, the recipe as it stands among them, up to `most`."""
        size = self.size()
        if size > most:
            return most
        return min(most, size + (self.start() not in self.grid()))

    def grid(self) -> Iterator[dict[str, Any]]:
        """Every point, method by method, the last number running fastest."""
        for method in self.methods:
            axes = self.axes_of(method)
            for point in itertools.product(*(axis.points() for axis in axes)):
                yield self._with_method(method, {axis.key: value for axis, value in zip(axes, point, strict=True)})

    def recipe_at(self, values: Values) -> MergeRecipe:
        """The ordinary recipe of a point: nothing is open, and what its method does not have is left out."""
        method = str(values.get(METHOD, self.recipe.method))
        row = method_get("merge", method)
        has = {parameter.name for parameter in row.parameters} if row is not None else set()
        shared = {name: value for name, value in self.recipe.parameters.items() if name in has}
        own = [
            {name: value for name, value in source.parameters.items() if name in has} for source in self.recipe.sources
        ]
        for axis in self.axes_of(method):
            name, value = axis.opening.name, values[axis.key]
            if axis.source is None:
                shared[name] = value
                for parameters in own:
                    parameters.pop(name, None)
            else:
                own[axis.source][name] = value
        sources = tuple(
            Source(model=source.model, parameters=parameters)
            for source, parameters in zip(self.recipe.sources, own, strict=True)
        )
        return self.recipe.model_copy(
            update={"method": method, "parameters": shared, "sources": sources, "search": None}
        )

    def _with_method(self, method: str, values: dict[str, Any]) -> dict[str, Any]:
        return (
            {METHOD: method, **values} if METHOD in (self.recipe.search.open if self.recipe.search else ()) else values
        )


@dataclass(frozen=True)
class Rung:
    """`points` of the best so far, each measured on this share of the examples."""

    points: int
    share: float


def rungs_of(trials: int, examples: int | None = None) -> tuple[Rung, ...]:
    """Successive halving within a budget: each rung keeps one of `ETA` points and measures them on `ETA` times the examples.

    As many points as the budget allows, as many rungs as leave at least `FEWEST_EXAMPLES` for the first; the last measures on
    all of them.

    Source: Jamieson and Talwalkar 2016, "Non-stochastic Best Arm Identification and Hyperparameter Optimization",
    arXiv:1502.07943, with the reduction by eta = 3 of Li et al. 2018 (Hyperband), arXiv:1603.06560.
    """

    def counts(points: int) -> list[int]:
        found = [points]
        while found[-1] >= ETA and (examples is None or examples >= FEWEST_EXAMPLES * ETA ** len(found)):
            found.append(found[-1] // ETA)
        return found

    points = max((count for count in range(1, trials + 1) if sum(counts(count)) <= trials), default=1)
    held = counts(points)
    return tuple(Rung(count, ETA ** -(len(held) - 1 - place)) for place, count in enumerate(held))


def rungs_in(space: Space, trials: int, examples: int | None = None) -> tuple[Rung, ...]:
    """The rungs as they will be run: a space of few points cannot fill what the budget allows."""
    rungs = rungs_of(trials, examples)
    most = space.reach(rungs[0].points)
    return tuple(Rung(min(rung.points, most), rung.share) for rung in rungs)


def generation_of(numbers: int) -> int:
    """How many points CMA-ES draws at a time: 4 + ⌊3 ln n⌋ (Hansen 2016, arXiv:1604.00772, table 1)."""
    return 4 + int(3 * log(max(1, numbers)))


def _axes(opening: Opening, sources: int) -> Sequence[Axis]:
    if not opening.each:
        return [Axis(opening.name, opening)]
    return [Axis(f"sources[{index}].{opening.name}", opening, index) for index in range(sources)]

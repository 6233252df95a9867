"""Successive halving: many points on few examples, the best of them on more, the last on all."""

from typing import Any

import numpy as np

from workers.contracts.openings import METHOD
from workers.engine.search.asking import Asked, Strategy, best_first
from workers.planning.search_space import Axis, Space, rungs_in


def successive_halving(space: Space, trials: int, examples: int, seed: int) -> Strategy:
    """Rung k measures n_k = ⌊n_{k−1}/η⌋ points on a share η^{k−K} of the examples, K the last rung, η = 3.

    Points of the first rung: the recipe as it stands and the whole grid, where that is no more than n_0 points; else the recipe
    as it stands and points drawn evenly from the ranges and lists. Each rung keeps the best of the one before.

    Source: Jamieson and Talwalkar 2016, arXiv:1502.07943, algorithm "Successive Halving"; there the budget of a rung is divided
    evenly and half of the points go. Here two thirds go, and a rung's share of the examples grows as the number of points falls.

    Args:
        trials: over all rungs. examples: how many there are. seed: of the draws.

    Determinism: numpy's PCG64 from the seed; the same scores lead to the same points.
    """
    rungs = rungs_in(space, trials, examples)
    points = _first(space, rungs[0].points, seed)
    for rung in rungs:
        asked = [Asked(point.values, rung.share) for point in points[: rung.points]]
        scores = yield asked
        points = best_first(asked, scores)
        if not points:
            return


def _first(space: Space, count: int, seed: int) -> list[Asked]:
    start = space.start()
    if space.size() <= count:
        return [Asked(start), *(Asked(point) for point in space.grid() if point != start)][:count]
    generator = np.random.Generator(np.random.PCG64(seed))
    found = [start]
    # What is drawn twice is drawn anew, a bounded number of times: a space of few lists has few points.
    for _ in range(20 * count):
        if len(found) == count:
            break
        method = space.methods[int(generator.integers(len(space.methods)))]
        drawn = {axis.key: _drawn(axis, generator) for axis in space.axes_of(method)}
        point = {METHOD: method, **drawn} if METHOD in start else drawn
        if point not in found:
            found.append(point)
    return [Asked(point) for point in found]


def _drawn(axis: Axis, generator: np.random.Generator) -> Any:
    opening = axis.opening
    if not axis.is_numeric:
        return opening.values[int(generator.integers(len(opening.values)))]
    return axis.at(opening.low + (opening.high - opening.low) * float(generator.random()))

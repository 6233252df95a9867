"""CMA-ES: a normal distribution over the open numbers that moves and stretches towards what was good."""

import warnings
from typing import Any

import numpy as np

from workers.engine.search.asking import Asked, Strategy
from workers.planning.search_space import Axis, Space, generation_of

SIGMA = 0.3


def cma_es(space: Space, trials: int, examples: int, seed: int) -> Strategy:
    """Covariance matrix adaptation: x ~ m + σ·N(0, C); m, σ and C follow the better half of each generation.

    Numbers are scaled to [0, 1] by their ranges, m starts at the recipe as it stands (at the middle where that lies outside),
    σ at 0.3. Bounds are kept by the library's transformation of the space, not by cutting. A point that cannot be measured
    counts as worse than every other of its generation. A generation that the budget does not cover whole is not begun.

    Source: Hansen 2016, "The CMA Evolution Strategy: A Tutorial", arXiv:1604.00772; the library `cma`.

    Args:
        trials: at most so many points, the recipe as it stands among them. seed: of the draws.

    Determinism: the library draws from numpy's global generator, which is set from the seed at every generation and put back.
    """
    axes = space.axes_of(space.recipe.method)
    start = space.start()
    _ = yield [Asked(start)]
    draws, size, left = _Draws(axes, start, seed), generation_of(len(axes)), trials - 1
    while left >= size:
        drawn = draws.ask(size)
        asked = [Asked({**start, **point}) for point in draws.points(drawn)]
        scores = yield asked
        draws.tell(drawn, scores)
        left -= size
        if draws.is_done:
            return


class _Draws:
    """The library's strategy, with the process's random numbers left as they were."""

    def __init__(self, axes: tuple[Axis, ...], start: dict[str, Any], seed: int) -> None:
        self._axes = axes
        self._state: Any = None
        # The library's strategy has two dimensions at least. What the second one of a single number is plays no part.
        centre = [_scaled(axis, start.get(axis.key)) for axis in axes] + [0.5] * (len(axes) == 1)
        options = {
            "bounds": [0.0, 1.0], "BoundaryHandler": "BoundTransform", "popsize": generation_of(len(axes)), "seed": seed + 1,
            "verbose": -9, "verb_log": 0, "verb_disp": 0, "verb_filenameprefix": "", "signals_filename": "", "tolflatfitness": 20,
        }  # fmt: skip
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # that nothing can be plotted without matplotlib
            import cma
        self._strategy: Any = None

        def begin() -> None:
            self._strategy = cma.CMAEvolutionStrategy(centre, SIGMA, options)

        self._with_numbers(begin)

    @property
    def is_done(self) -> bool:
        return bool(self._strategy.stop())

    def ask(self, size: int) -> list[Any]:
        found: list[Any] = self._with_numbers(lambda: self._strategy.ask(size))
        return found

    def points(self, drawn: list[Any]) -> list[dict[str, Any]]:
        return [
            {axis.key: axis.at(axis.opening.low + (axis.opening.high - axis.opening.low) * float(x)) for axis, x in zip(self._axes, each, strict=False)}
            for each in drawn
        ]  # fmt: skip

    def tell(self, drawn: list[Any], scores: Any) -> None:
        known = [score for score in scores if score is not None]
        worst = max((-score for score in known), default=0.0) + 1.0
        losses = [worst if score is None else -score for score in scores]
        self._with_numbers(lambda: self._strategy.tell(drawn, losses))

    def _with_numbers(self, run: Any) -> Any:
        outside = np.random.get_state()
        if self._state is not None:
            np.random.set_state(self._state)
        try:
            return run()
        finally:
            self._state = np.random.get_state()
            np.random.set_state(outside)


def _scaled(axis: Axis, value: Any) -> float:
    opening = axis.opening
    if isinstance(value, bool) or not isinstance(value, int | float) or not opening.low <= value <= opening.high:
        return 0.5
    return float((value - opening.low) / (opening.high - opening.low))

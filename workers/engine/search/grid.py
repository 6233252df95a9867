"""Every point of the grid, once."""

from workers.engine.search.asking import Asked, Strategy
from workers.planning.search_space import Space


def grid(space: Space, trials: int, examples: int, seed: int) -> Strategy:
    """The recipe as it stands, then {low + k·(high − low)/(steps − 1)} of every range × every value of every list.

    Args:
        trials: at most so many points; a check lets no recipe pass whose grid has more.
        examples, seed: nothing is drawn here.

    Cost: one trial a point: steps^numbers. Determinism: depends on the recipe alone.
    """
    start = space.start()
    yield [Asked(start)]
    asked = 1
    for point in space.grid():
        if asked >= trials:
            return
        if point != start:
            yield [Asked(point)]
            asked += 1

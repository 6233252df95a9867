"""The Pareto front: what nothing cheaper beats."""

from collections.abc import Sequence

Point = tuple[float, float]


def front_of(points: Sequence[tuple[float | None, float | None]], *, higher_is_better: bool = True) -> list[bool]:
    """For each (cost, score): whether no other point costs as little and scores as well, and is better in one of the two.

    Equal points are on the front together. A point with an unknown part is not on it and beats nobody.
    """
    sign = 1.0 if higher_is_better else -1.0
    known = sorted(
        (
            (cost, sign * score, place)
            for place, (cost, score) in enumerate(points)
            if cost is not None and score is not None
        ),
        key=lambda point: (point[0], -point[1]),
    )
    found = [False] * len(points)
    best: Point | None = None
    for cost, score, place in known:
        if best is None or score > best[1] or (cost, score) == best:
            best = (cost, score)
            found[place] = True
    return found

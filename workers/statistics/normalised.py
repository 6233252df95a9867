"""NORMALISED: a combined model beside the specialists it was made of, what it won over the base and what it forgot. Loads no arrays.

Source: He et al. 2025 (MergeBench), arXiv 2505.10833 (normalised performance, forgetting); Lopez-Paz and Ranzato 2017,
arXiv 1706.08840 (backward and forward transfer); Chaudhry et al. 2018, arXiv 1801.10112 (forgetting of sequences).
"""

from collections.abc import Sequence
from dataclasses import dataclass

KEPT = 0.95  # from here on a specialist's skill counts as kept


@dataclass(frozen=True)
class Summary:
    """Over tasks: mean and least normalised performance, and how many of `tasks` lie at 0.95 or above."""

    mean: float
    least: float
    kept: int
    tasks: int


def normalised(
    score: float, specialist: float, *, chance: float | None = None, higher_is_better: bool = True
) -> float | None:
    """`score / specialist`, with a chance level `(score − chance) / (specialist − chance)`; of a loss `specialist / score`.

    1 is as good as the specialist. With a chance level 0 is no better than guessing, and below 0 is worse.

    Returns:
        None where the specialist is no better than chance (or has no score above 0): nothing can be measured against it.
    """
    if chance is not None:
        above = specialist - chance if higher_is_better else chance - specialist
        return (score - chance) / (specialist - chance) if above > 0 else None
    over, under = (score, specialist) if higher_is_better else (specialist, score)
    return over / under if specialist > 0 and under > 0 else None


def summary_of(values: Sequence[float | None]) -> Summary | None:
    """Over the tasks that could be measured; None where none could."""
    known = [value for value in values if value is not None]
    if not known:
        return None
    return Summary(sum(known) / len(known), min(known), sum(value >= KEPT for value in known), len(known))


def recovered(score: float, specialist: float, base: float, *, higher_is_better: bool = True) -> float | None:
    """`(score − base) / (specialist − base)`: of what the specialist learned over the base, the share that is still there.

    Returns:
        None where the specialist is no better than the base: there is nothing to recover.
    """
    learned = specialist - base if higher_is_better else base - specialist
    return (score - base) / (specialist - base) if learned > 0 else None


def forgetting(score: float, base: float, *, higher_is_better: bool = True) -> float:
    """How much of the base's score is gone: `base − score`, of a loss `score − base`. Negative: it learned instead."""
    return base - score if higher_is_better else score - base


def sequence_forgetting(scores: Sequence[Sequence[float]], after: int | None = None) -> float:
    """`F_k = mean_{j<k} (max_{l<k} a[l][j] − a[k][j])`: after k tasks, how far each earlier one fell below its best.

    Args:
        scores: `a[l][j]`, the score on task j after learning task l. after: k, counted from 0; default the last.

    Raises:
        ValueError: there is no earlier task.
    """
    last = len(scores) - 1 if after is None else after
    if last < 1:
        raise ValueError("forgetting needs a task before the last")
    return sum(max(scores[step][task] for step in range(last)) - scores[last][task] for task in range(last)) / last


def backward_transfer(scores: Sequence[Sequence[float]]) -> float:
    """`BWT = mean_{j<K} (a[K][j] − a[j][j])`: what later tasks did to earlier ones. Args and Raises as in `sequence_forgetting`."""
    last = len(scores) - 1
    if last < 1:
        raise ValueError("backward transfer needs a task before the last")
    return sum(scores[last][task] - scores[task][task] for task in range(last)) / last


def forward_transfer(scores: Sequence[Sequence[float]], untrained: Sequence[float]) -> float:
    """`FWT = mean_{j>1} (a[j−1][j] − a_random[j])`: what earlier tasks did for later ones, before these were learned."""
    if len(scores) < 2:
        raise ValueError("forward transfer needs a task after the first")
    return sum(scores[task - 1][task] - untrained[task] for task in range(1, len(scores))) / (len(scores) - 1)

"""NOISE FLOOR: how far two measurements of the same thing lie apart. Smaller differences mean nothing. Loads no arrays."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt

from workers.statistics.distributions import student_quantile


@dataclass(frozen=True)
class NoiseFloor:
    """`spread` is the standard deviation of a single run, `difference` what two runs of one model stay below in 95 of 100 cases."""

    spread: float
    difference: float
    models: int
    runs: int

    @property
    def is_identical(self) -> bool:
        """All repeats gave the same number: measuring is deterministic, and there is no floor. 0 is none."""
        return self.spread == 0


def noise_floor(repeats: Sequence[Sequence[float]]) -> NoiseFloor | None:
    """Pools the runs of each model: `s² = Σ (x − mean of its model)² / Σ (runs − 1)`, difference `t·s·√2`.

    Args:
        repeats: the scores of each model, one entry per run.

    Returns:
        None where no model was run twice.
    """
    again = [list(runs) for runs in repeats if len(runs) > 1]
    free = sum(len(runs) - 1 for runs in again)
    if not free:
        return None
    squares = sum((score - sum(runs) / len(runs)) ** 2 for runs in again for score in runs)
    spread = sqrt(squares / free)
    return NoiseFloor(spread, student_quantile(0.975, free) * spread * sqrt(2), len(again), sum(map(len, again)))

"""EQUIVALENCE: "no worse" and "the same" need an interval inside a margin. A large p shows neither. Loads no arrays."""

from dataclasses import dataclass
from math import ceil, sqrt

from workers.statistics.distributions import normal_quantile
from workers.statistics.interval import Interval

MARGIN = 0.01


@dataclass(frozen=True)
class Equivalence:
    """A difference (positive: better) against a margin: the whole 95 % interval lies within ±margin, or above −margin."""

    margin: float
    is_same: bool
    is_no_worse: bool


def equivalence(difference: Interval, margin: float = MARGIN) -> Equivalence:
    """Two one-sided tests at 2.5 % each, read off the 95 % interval.

    Source: Schuirmann 1987.

    Raises:
        ValueError: `margin` is not positive.
    """
    if not margin > 0:
        raise ValueError(f"the margin is {margin}; it must be above 0")
    no_worse = difference.low > -margin
    return Equivalence(margin, no_worse and difference.high < margin, no_worse)


def smallest_difference(n: int, discordance: float, *, power: float = 0.8, alpha: float = 0.05) -> float | None:
    """The smallest difference in accuracy that McNemar's test on `n` examples finds with this power.

    Solves `√n·d = z_{1−α/2}·√ψ + z_power·√(ψ − d²)` for d, ψ the share of examples on which exactly one model is right.

    Source: Connor 1987.

    Returns:
        None where even the largest possible difference (d = ψ) would be missed: there are too few examples.
    """
    if n <= 0 or discordance <= 0:
        return None
    spread, against, by = sqrt(discordance), normal_quantile(1 - alpha / 2), normal_quantile(power)
    root = n * against**2 - (n + by**2) * (against**2 - by**2)
    if root < 0:
        return None
    found = spread * (sqrt(n) * against + sqrt(root)) / (n + by**2)
    return found if found <= discordance else None


def examples_needed(difference: float, discordance: float, *, power: float = 0.8, alpha: float = 0.05) -> int:
    """How many examples it takes to find `difference`: `((z_{1−α/2}·√ψ + z_power·√(ψ − d²)) / d)²`, rounded up.

    Raises:
        ValueError: the difference is 0 or larger than the share of discordant examples.
    """
    if not 0 < abs(difference) <= discordance:
        raise ValueError(f"a difference of {difference} cannot come from {discordance} discordant examples")
    against, by = normal_quantile(1 - alpha / 2), normal_quantile(power)
    need = against * sqrt(discordance) + by * sqrt(discordance - difference**2)
    return ceil((need / difference) ** 2)

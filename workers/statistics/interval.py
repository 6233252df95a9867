"""A number with its uncertainty, and Wilson's interval of a share. Loads no arrays: pages and REST read these."""

from dataclasses import dataclass
from math import sqrt

from workers.statistics.distributions import Z95


@dataclass(frozen=True)
class Interval:
    """A value and its 95 % interval."""

    value: float
    low: float
    high: float

    @property
    def includes_zero(self) -> bool:
        return self.low <= 0 <= self.high


def wilson_interval(successes: int, n: int, z: float = Z95) -> Interval:
    """Wilson's score interval of a share.

    `(p + z²/2n ± z·√(p(1-p)/n + z²/4n²)) / (1 + z²/n)` with `p = successes/n`.

    Source: Wilson 1927. Stays inside [0, 1] and does not collapse at 0 or n, where the normal interval does.

    Raises:
        ValueError: `n` is not positive or `successes` lies outside 0..n.
    """
    if n <= 0 or not 0 <= successes <= n:
        raise ValueError(f"{successes} successes of {n}")
    p = successes / n
    centre, half = p + z * z / (2 * n), z * sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    scale = 1 + z * z / n
    low = 0.0 if successes == 0 else (centre - half) / scale
    high = 1.0 if successes == n else (centre + half) / scale
    return Interval(p, low, high)

"""McNEMAR: are two models equally often right? From the examples on which exactly one of them is. Loads no arrays.

Source: McNemar 1947; mid-p: Fagerland, Lydersen and Laake 2013.
"""

from workers.statistics.distributions import chi_square_tail, coin_at, coin_tail

EXACT_LIMIT = 1_000


def mcnemar(only_first: int, only_second: int) -> float:
    """Two-sided p: exact, beyond 1,000 such examples the chi-square with continuity correction."""
    if only_first + only_second <= EXACT_LIMIT:
        return mcnemar_exact(only_first, only_second)
    return mcnemar_chi_square(only_first, only_second)


def mcnemar_exact(only_first: int, only_second: int) -> float:
    """`min(1, 2·P[Bin(b+c, ½) ≤ min(b, c)])`."""
    return min(1.0, 2 * coin_tail(min(only_first, only_second), only_first + only_second))


def mcnemar_mid_p(only_first: int, only_second: int) -> float:
    """The exact p with half of the probability of what was seen: `2·P[Bin ≤ min] − P[Bin = min]`. Less cautious than the exact one."""
    fewer, total = min(only_first, only_second), only_first + only_second
    return min(1.0, 2 * coin_tail(fewer, total) - coin_at(fewer, total))


def mcnemar_chi_square(only_first: int, only_second: int, *, correction: bool = True) -> float:
    """`P[χ² ≥ (|b − c| − 1)² / (b + c)]`, without correction `(b − c)² / (b + c)`; 1 where both are 0."""
    total = only_first + only_second
    if total == 0:
        return 1.0
    return chi_square_tail(max(0.0, abs(only_first - only_second) - (1 if correction else 0)) ** 2 / total)

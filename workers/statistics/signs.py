"""SIGNS: are two models equally often right, where several answers belong to one example (its forms, the questions about it)?

McNemar's test takes all answers for independent; the four pictures that were made of one digit are not. Loads no arrays.
"""

from collections import Counter
from collections.abc import Iterable

from workers.statistics.distributions import chi_square_tail, coin_at

EXACT_LIMIT = 1_000


def sign_flip_p(net: Iterable[int]) -> float:
    """Two-sided p that neither model is better, from what each example gained minus what it lost over all its forms.

    Were the two models alike, each example's net `d` could as well be `−d`: `P[|Σ ±d| ≥ |Σ d|]` over all choices of signs,
    exact up to `Σ |d| = 1,000`, beyond it `P[χ² ≥ (max(0, |Σ d| − 1))² / Σ d²]`. Where each |d| is 0 or 1 this is McNemar's
    exact test, and beyond the limit the one with continuity correction.

    Source: Fisher 1935, §21 (randomisation of signs); the chi-square of clustered pairs: Durkalski et al. 2003.

    Args:
        net: one whole number per example.
    """
    moved = [int(step) for step in net if step]
    total, size = abs(sum(moved)), sum(map(abs, moved))
    if not total:
        return 1.0
    if size > EXACT_LIMIT:
        return chi_square_tail(max(0.0, total - 1) ** 2 / sum(step * step for step in moved))
    shares = {0: 1.0}
    for step, count in sorted(Counter(map(abs, moved)).items()):
        coins = [(step * (2 * heads - count), coin_at(heads, count)) for heads in range(count + 1)]
        spread: dict[int, float] = {}
        for at, share in shares.items():
            for move, chance in coins:
                spread[at + move] = spread.get(at + move, 0.0) + share * chance
        shares = spread
    return min(1.0, sum(share for at, share in shares.items() if abs(at) >= total))

"""The few distributions that intervals and tests need, to the last digits: the normal, Student's t, chi-square and the fair coin."""

from functools import lru_cache
from math import comb, erfc, exp, inf, lgamma, log, log1p, sqrt
from statistics import NormalDist

_NORMAL = NormalDist()
Z95 = _NORMAL.inv_cdf(0.975)
_TINY = 1e-300
_STEPS = 10_000
_MANY = 10_000.0


def normal_cdf(x: float) -> float:
    """P[Z ≤ x] of the standard normal. By erfc: the lower tail keeps all its digits."""
    return erfc(-x / sqrt(2)) / 2


def normal_quantile(p: float) -> float:
    """The x with P[Z ≤ x] = p; minus and plus infinity at 0 and 1."""
    if p <= 0 or p >= 1:
        return -inf if p <= 0 else inf
    return _NORMAL.inv_cdf(p)


def chi_square_tail(x: float) -> float:
    """P[χ² ≥ x] with one degree of freedom: χ² is the square of a normal."""
    return erfc(sqrt(x / 2))


def coin_tail(fewer: int, n: int) -> float:
    """P[Bin(n, ½) ≤ fewer]: up to 10,000 throws in whole numbers until the last division, beyond `I_½(n − fewer, fewer + 1)`."""
    if fewer >= n:
        return 1.0
    if n > _MANY:
        return incomplete_beta(n - fewer, fewer + 1, 0.5)
    ways = total = 1
    for k in range(fewer):
        ways = ways * (n - k) // (k + 1)
        total += ways
    return float(total / 2**n)


def coin_at(k: int, n: int) -> float:
    """P[Bin(n, ½) = k]."""
    if n > _MANY:
        return exp(lgamma(n + 1) - lgamma(k + 1) - lgamma(n - k + 1) - n * log(2))
    return float(comb(n, k) / 2**n)


def student_tail(t: float, df: float) -> float:
    """P[T ≥ t] for `t ≥ 0` and `df` degrees of freedom: `½ I_x(df/2, ½)` with `x = df / (df + t²)`."""
    return incomplete_beta(df / 2, 0.5, df / (df + t * t)) / 2


@lru_cache(maxsize=1024)
def student_quantile(p: float, df: float) -> float:
    """The t with P[T ≤ t] = p, for `½ ≤ p < 1`: by halving, because that cannot go astray; above 10,000 degrees of freedom

    by the expansion about the normal, whose next term is below 1e-15 there.

    Source: Abramowitz and Stegun 26.7.5 (expansion).

    Raises:
        ValueError: `df` is not positive or `p` lies outside [½, 1).
    """
    if df <= 0 or not 0.5 <= p < 1:
        raise ValueError(f"no quantile at {p} with {df} degrees of freedom")
    if df > _MANY:
        z = normal_quantile(p)
        first, second = (z**3 + z) / 4, (5 * z**5 + 16 * z**3 + 3 * z) / 96
        return z + first / df + second / df**2 + (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384 / df**3
    low, high = 0.0, 1.0
    while student_tail(high, df) > 1 - p:
        low, high = high, 2 * high
    while high - low > 1e-15 * high:
        middle = (low + high) / 2
        if middle in (low, high):
            break
        low, high = (middle, high) if student_tail(middle, df) > 1 - p else (low, middle)
    return (low + high) / 2


def incomplete_beta(a: float, b: float, x: float) -> float:
    """The regularised incomplete beta function I_x(a, b), by its continued fraction.

    Source: DLMF 8.17.22, evaluated with the method of Lentz 1976; the fraction converges fast on one side of
    `(a + 1) / (a + b + 2)`, on the other `I_x(a, b) = 1 − I_{1−x}(b, a)` is used.
    """
    if x <= 0 or x >= 1:
        return 0.0 if x <= 0 else 1.0
    if x > (a + 1) / (a + b + 2):
        return 1 - incomplete_beta(b, a, 1 - x)
    front = exp(lgamma(a + b) - lgamma(a) - lgamma(b) + a * log(x) + b * log1p(-x)) / a
    value, upper, lower = 1.0, 1.0, 0.0
    for step in range(_STEPS):
        half = step // 2
        if step == 0:
            term = 1.0
        elif step % 2 == 0:
            term = half * (b - half) * x / ((a + step - 1) * (a + step))
        else:
            term = -(a + half) * (a + b + half) * x / ((a + step - 1) * (a + step))
        lower = 1 / ((1 + term * lower) or _TINY)
        upper = (1 + term / upper) or _TINY
        value *= upper * lower
        if abs(1 - upper * lower) < 1e-16:
            break
    return front * (value - 1)

"""A comparison of two in words: is there a difference, could it be chance, what was given up for it."""

from hub.pages.measures import difference_words
from hub.pages.numbers import MINUS, figure, percent, points, thousands
from hub.pages.results.pairing import Pairing
from workers.statistics.interval import Interval


def p_words(p: float) -> str:
    """`p = 0.11`, `p below 0.001`."""
    return "p below 0.001" if p < 0.001 else f"p = {p:.2g}"


def range_words(pair: Pairing) -> str:
    low, high = (difference_words(end, pair.metric) for end in (pair.difference.low, pair.difference.high))
    return f"{low.removesuffix(' points')} to {high}"


def verdict_sentence(pair: Pairing, rival: str) -> str:
    """What the difference is, whether it includes zero, and what follows."""
    words = f"{difference_words(pair.difference.value, pair.metric)} against {rival}, paired 95 % interval {range_words(pair)}, over {thousands(pair.n)} examples."
    if not pair.metric.higher_is_better:
        words += " Above zero is better: it is by how much the number is lower."
    if pair.difference.includes_zero:
        words += " It includes zero: the two cannot be told apart on these data."
        if pair.is_same:
            words += f" They are the same within {points(pair.margin).lstrip('+' + MINUS)} points."
        elif pair.is_no_worse:
            words += f" It is no worse by more than {points(pair.margin).lstrip('+' + MINUS)} point."
    return words


def measure_rows(pair: Pairing, rival: str) -> list[tuple[str, str, str]]:
    """What else the answers tell: name, value with interval, what it means."""
    rows: list[tuple[str, str, str]] = []
    if pair.mcnemar is not None and pair.gained is not None and pair.lost is not None:
        rows.append(("McNemar’s test", p_words(pair.mcnemar), f"of {thousands(pair.gained + pair.lost)} examples that only one of them gets right"))  # fmt: skip
    rows.append(("Paired bootstrap", p_words(pair.p_value), "that the difference is zero"))
    shares: list[tuple[str, Interval | None, str]] = [
        ("Backward trust", pair.backward_trust, f"of what {rival} gets right, this does too"),
        ("Same answer", pair.agreement, "right or wrong"),
        ("Either is right", pair.oracle, "no choice between them can do better"),
        ("To be won by both together", pair.headroom, "over the better of the two"),
    ]
    rows += [(name, _share(share), note) for name, share, note in shares if share is not None]
    if pair.kappa is not None:
        rows.append(("Cohen’s kappa", f"{figure(float(f'{pair.kappa.value:.2g}'))} ({pair.kappa.low:.2f} to {pair.kappa.high:.2f})".replace("-", MINUS), "agreement beyond chance; 1 is always the same"))  # fmt: skip
    return rows


def _share(share: Interval) -> str:
    return f"{percent(share.value)} ({percent(share.low, unit=False)} to {percent(share.high, unit=False)})"

"""A comparison of two in words: is there a difference, could it be chance, what was given up for it."""

from dataclasses import dataclass, replace

from hub.evals.pair import Cut, Pair
from hub.pages.measures import UNIT_WORDS, difference_words, metric_of, score_words
from hub.pages.numbers import MINUS, figure, percent, points, thousands
from hub.pages.words import plural
from workers.contracts.tasks import Metric
from workers.statistics.interval import Interval

LEVEL = 0.05


@dataclass(frozen=True)
class Difference:
    """A paired difference as it is shown: signed, coloured where it is clear, and in a word, so that colour is never the only cue."""

    words: str
    interval: str
    mood: str
    verdict: str


@dataclass(frozen=True)
class MetricLine:
    metric: Metric
    first: str
    second: str
    difference: Difference | None
    p: str


@dataclass(frozen=True)
class CutLine:
    column: str
    value: str
    cut: Cut
    first: str
    second: str
    difference: Difference | None
    p: str


def p_words(p: float | None) -> str:
    """`0.11`, `below 0.001`."""
    if p is None:
        return "–"
    return "below 0.001" if p < 0.001 else f"{p:.2g}"


def difference_of(found: Interval | None, metric: Metric) -> Difference | None:
    if found is None:
        return None
    if is_tie(found):
        return Difference(difference_words(0.0, metric), "–", "ink3", "no example differs")
    low, high = (difference_words(end, metric) for end in (found.low, found.high))
    mood = "ink3" if found.includes_zero else "ok" if found.value > 0 else "warn"
    verdict = {"ok": "gain", "warn": "loss", "ink3": "within chance"}[mood]
    # the unit stands behind the second end only
    unit = " points" if metric.unit == "share" else f" {UNIT_WORDS[metric.unit]}"
    return Difference(difference_words(found.value, metric), f"{low.removesuffix(unit)} to {high}", mood, verdict)


def is_tie(found: Interval) -> bool:
    """Nothing differs on any example: resampling has nothing to show, and the width of zero is no certainty."""
    return found.value == found.low == found.high == 0.0


def held_to(shown: Difference | None, p: float | None) -> Difference | None:
    """What the test does not bear out is no gain and no loss: of many parts some differ by chance, and where few answers

    differ an interval from resampling is too narrow.
    """
    if shown is None or p is None or p < LEVEL:
        return shown
    return replace(shown, mood="ink3", verdict="within chance")


def verdict_sentence(pair: Pair, rival: str) -> str:
    """What the difference is, whether it includes zero, and what follows."""
    metric, shown = metric_of(pair.metric), difference_of(pair.difference, metric_of(pair.metric))
    if shown is None or pair.difference is None:
        return f"{metric.label} has no difference that could be worked out for these answers."
    if is_tie(pair.difference):
        return (
            f"{metric.label} is the same as that of {rival} on every one of {thousands(pair.n)} examples. "
            "These examples do not tell the two apart; others might."
        )
    groups = f" in {thousands(pair.clusters)} groups that belong together" if pair.clusters is not None else ""
    words = f"{shown.words} against {rival}, paired 95 % interval {shown.interval}, over {thousands(pair.n)} examples{groups}."
    if len(pair.classes) == 1:
        words += (
            f" All examples are of one class, {pair.classes[0].value}: this tells nothing of telling classes apart."
        )
    if not metric.higher_is_better:
        words += " Above zero is better: it is by how much the number is lower."
    if not pair.difference.includes_zero and pair.p_value is not None and pair.p_value >= LEVEL:
        test = "McNemar’s exact test" if pair.test == "mcnemar" else "The test"
        words += (
            f" {test} does not bear it out (p {p_words(pair.p_value)}): so few answers differ that it could be chance."
        )
    elif not pair.difference.includes_zero:
        words += " Over these examples that is more than chance."
    if pair.difference.includes_zero:
        words += " It includes zero: over these examples the two cannot be told apart."
        words += _margin_sentence(pair)
    return words


def _margin_sentence(pair: Pair) -> str:
    found = pair.equivalence
    if found is not None and (found.is_same or found.is_no_worse):
        margin = margin_words(found.margin)
        return f" They are the same within {margin}." if found.is_same else f" It is no worse by more than {margin}."
    if pair.smallest is not None:
        return f" So many examples show a difference of {points(pair.smallest).lstrip('+')} points or more, four times in five."
    return ""


def margin_words(margin: float) -> str:
    """`1 point`, `2.5 points`."""
    count = figure(round(100 * margin, 3))
    return f"{count} {'point' if count == '1' else 'points'}"


def no_regression_words(pair: Pair) -> str:
    """What the interval says of a difference that would be too small to matter; "" where points mean nothing."""
    found, difference = pair.equivalence, pair.difference
    if found is None or difference is None:
        return ""
    margin = margin_words(found.margin)
    if found.is_same:
        return f"The same within {margin}: the whole interval lies between −{margin} and +{margin}."
    if found.is_no_worse:
        return f"No worse by more than {margin}: the whole interval lies above −{margin}."
    if difference.high <= -found.margin:
        return f"Worse by at least {margin}: the whole interval lies below −{margin}."
    return (
        f"Not shown to be no worse by more than {margin}: the interval reaches down to {points(difference.low)} points."
    )


def metric_lines(pair: Pair) -> list[MetricLine]:
    lines = []
    for row in pair.metrics:
        metric = metric_of(row.name)
        lines.append(MetricLine(metric, score_words(row.first, metric), score_words(row.second, metric), difference_of(row.difference, metric), p_words(row.p_value)))  # fmt: skip
    return lines


def cut_lines(cuts: tuple[Cut, ...], metric_name: str) -> list[CutLine]:
    metric = metric_of(metric_name)
    return [
        CutLine(cut.column, cut.value, cut, score_words(cut.first, metric, unit=False), score_words(cut.second, metric, unit=False), held_to(difference_of(cut.difference, metric), cut.p_adjusted), p_words(cut.p_adjusted if cut.p_adjusted is not None else cut.p_value))
        for cut in cuts
    ]  # fmt: skip


def measure_rows(pair: Pair, rival: str) -> list[tuple[str, str, str]]:
    """What else the answers tell: name, value with interval, what it means."""
    rows: list[tuple[str, str, str]] = []
    flips = pair.flips
    if flips is not None:
        apart = flips.gained + flips.lost
        if pair.mcnemar_exact is not None:  # not where several answers belong to one example
            rows.append(("McNemar, exact p", p_words(pair.mcnemar_exact), f"of {thousands(apart)} {plural(apart, 'example', 'examples')} that only one gets right"))  # fmt: skip
            rows.append(("McNemar, mid-p", p_words(pair.mcnemar_mid_p), "less cautious"))
    if pair.metrics and pair.metrics[0].p_value is not None:
        rows.append(("Paired bootstrap, p", p_words(pair.metrics[0].p_value), "that the difference is zero"))
    if flips is not None:
        rows += _flip_rows(pair, rival)
    if pair.agreement is not None:
        rows.append(("Same answer", _share(pair.agreement), "right or wrong"))
    if pair.kappa is not None:
        rows.append(("Cohen’s kappa", f"{_plain(pair.kappa.value)} ({_plain(pair.kappa.low)} to {_plain(pair.kappa.high)})", "agreement beyond chance; 1 is always the same"))  # fmt: skip
    if pair.calibration is not None:
        first, second = pair.calibration
        rows.append(
            (
                "Calibration error",
                f"{percent(first.ece)}, {rival}: {percent(second.ece)}",
                "how far confidence and accuracy lie apart",
            )
        )
    if pair.changes is not None:
        margin = figure(pair.changes.margin)
        rows.append(("Better by more than " + margin, _share(pair.changes.gained), "of the examples"))
        rows.append(("Worse by more than " + margin, _share(pair.changes.lost), "of the examples"))
    return rows


def _flip_rows(pair: Pair, rival: str) -> list[tuple[str, str, str]]:
    flips = pair.flips
    assert flips is not None  # noqa: S101  the caller has looked
    shares: list[tuple[str, Interval | None, str]] = [
        ("Negative flips", flips.nfr, f"right in {rival}, wrong here"),
        ("Positive flips", flips.pfr, f"wrong in {rival}, right here"),
        ("Backward trust", flips.btc, f"of what {rival} gets right, this does too"),
        ("Backward errors", flips.bec, f"of the errors here, {rival} makes too"),
        ("Other wrong answer", flips.inc, "wrong in both, in another way"),
        ("Either is right", flips.oracle, "no choice between them can do better"),
        ("To be won by both together", flips.headroom, "over the better of the two"),
    ]
    return [(name, _share(share), note) for name, share, note in shares if share is not None]


def _share(share: Interval) -> str:
    return f"{percent(share.value)} ({percent(share.low, unit=False)} to {percent(share.high, unit=False)})"


def _plain(value: float) -> str:
    return f"{value:.2f}".replace("-", MINUS)

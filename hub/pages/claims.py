"""What a card claims beside what was measured here, in the words of the page."""

from dataclasses import dataclass
from typing import Any

from hub.evals.claims import CheckedClaim, claims_of
from hub.pages.entry import Opened
from hub.pages.measures import difference_words, interval_words, metric_of, score_words
from hub.pages.words import plural
from workers.contracts.tasks import Metric

MOST_SHOWN = 30
BADGES = {
    "confirmed": ("ok", "seal", "confirmed"),
    "not_confirmed": ("", "clock", "not confirmed"),
    "contradicted": ("bad", "stop", "contradicted"),
}
_ORDER = ("contradicted", "confirmed", "not_confirmed")


@dataclass(frozen=True)
class ClaimLine:
    """`state`, `icon` and `word` make the badge; `note` is the difference with its interval, or why there is none."""

    where: str
    metric: str
    claimed: str
    measured: str
    interval: str
    note: str
    state: str
    icon: str
    word: str
    evaluation: Any = None


@dataclass(frozen=True)
class Claims:
    sentence: str
    lines: list[ClaimLine]
    left_out: int = 0


def claims_shown(opened: Opened, *, user: Any) -> Claims | None:
    """None where the card claims nothing that is a number. What measurements contradict comes first."""
    if opened.repo.disabled_reason:
        return None
    found = sorted(claims_of(opened.repo, opened.commit, user), key=lambda claim: _ORDER.index(claim.badge))
    if not found:
        return None
    return Claims(_sentence(found), [_line(claim) for claim in found[:MOST_SHOWN]], max(0, len(found) - MOST_SHOWN))


def _sentence(found: list[CheckedClaim]) -> str:
    """The count of each badge, the worst first."""
    counts = {badge: sum(claim.badge == badge for claim in found) for badge in _ORDER}
    parts = [f"{counts[badge]} {BADGES[badge][2]}" for badge in _ORDER if counts[badge]]
    total = len(found)
    return (
        f"The card claims {total} {plural(total, 'number', 'numbers')}: {', '.join(parts)} by what was measured here."
    )


def _line(found: CheckedClaim) -> ClaimLine:
    claim = found.claim
    metric = found.metric or metric_of(claim.metric or claim.metric_name or "value")
    state, icon, word = BADGES[found.badge]
    split = f", {claim.split}" if claim.split else ""
    measured = found.measured
    is_point = measured is not None and measured.low == measured.high
    return ClaimLine(
        f"{claim.dataset_name or claim.dataset}{split}",
        metric.label if found.metric else claim.metric_name,
        score_words(claim.value, metric) if found.metric else claim.written,
        score_words(measured.value, metric) if measured else "–",
        interval_words(measured.low, measured.high, metric) if measured and not is_point else "",
        _note(found, metric),
        state,
        icon,
        word,
        found.evaluation,
    )


def _note(found: CheckedClaim, metric: Metric) -> str:
    if found.reason or found.difference is None:
        return found.reason
    difference = found.difference
    words = f"measured {difference_words(difference.value, metric)}"
    if difference.low != difference.high:
        unit = " points" if metric.unit == "share" else ""
        low, high = (_bare(value, metric) for value in (difference.low, difference.high))
        words += f", 95\u00a0% interval {low} to {high}{unit}"
    return f"{words}. The card says better than was measured." if found.is_flattering else f"{words}."


def _bare(value: float, metric: Metric) -> str:
    """A difference without its unit: +1.2, −0.031."""
    return difference_words(value, metric).partition(" ")[0]

"""Is the best one better, or is that noise? On each dataset the best against the next best, answer by answer."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from django.urls import reverse

from hub.core.errors import Invalid
from hub.evals.models import Evaluation
from hub.evals.pair import Pair
from hub.evals.pairs import pair_kept, pair_of
from hub.pages.beside.members import Member
from hub.pages.beside.scores import ScoreRow, row_words
from hub.pages.results.saying import Difference, difference_of, held_to, p_words
from workers.contracts.tasks import Metric
from workers.statistics.multiple import holm

WAITING = "A worker goes through the answers. This page shows it once it is there."
MOST_ROWS, WORKED_OUT_HERE, MOST_EXAMPLES_HERE = 12, 3, 2_000


@dataclass(frozen=True)
class Verdict:
    """`difference` is None while a worker still goes through the answers, or where they cannot be compared: `note` says which.

    `p_value` is held against Holm over the `tests` of one page: of many datasets some differ by chance.
    """

    word: str
    best: str
    next: str
    difference: Difference | None
    p: str
    url: str
    note: str = ""
    is_waiting: bool = False
    p_value: float | None = None
    row: ScoreRow | None = None
    tests: int = 1

    @property
    def is_better(self) -> bool:
        return self.difference is not None and self.difference.verdict == "gain"


def verdicts_of(members: Sequence[Member], rows: Sequence[ScoreRow]) -> list[Verdict]:
    """Of the rows that two of them were measured on. A page works few of them out itself; workers are asked for the rest."""
    found = []
    left = WORKED_OUT_HERE
    for word, row in list(zip(row_words(rows), rows, strict=True))[:MOST_ROWS]:
        places = _first_two(row)
        if places is None:
            continue
        first, second = (row.scores[place].evaluation for place in places)  # type: ignore[union-attr]
        names = members[places[0]].name, members[places[1]].name
        verdict, worked_out = verdict_between(word, names, (first, second), row.metric, may_work=left > 0)
        left -= worked_out
        found.append(replace(verdict, row=row))
    return held_together(found)


def held_together(verdicts: Sequence[Verdict]) -> list[Verdict]:
    """Holm over all datasets that were tested: what stands shown as a gain is one of them all, and p is the adjusted one."""
    values = [row.p_value for row in verdicts if row.p_value is not None]
    places = iter(holm(values))
    found = []
    for row in verdicts:
        p = next(places) if row.p_value is not None else None
        found.append(
            replace(
                row, difference=held_to(row.difference, p), p=p_words(p) if p is not None else row.p, tests=len(values)
            )
        )
    return found


def verdict_between(
    word: str, names: tuple[str, str], two: tuple[Evaluation, Evaluation], metric: Metric, *, may_work: bool
) -> tuple[Verdict, int]:
    """The first of two results against the second, and how many were worked out for it here."""
    pair, note, worked_out = _pair(*two, may_work)
    is_waiting = pair is None and note == WAITING
    shown = held_to(difference_of(pair.difference, metric), pair.p_value) if pair is not None else None
    p = p_words(pair.p_value) if pair is not None else ""
    if pair is not None and len(pair.classes) == 1:
        word = f"{word}, one class only"
    p_value = pair.p_value if pair is not None else None
    return Verdict(word, *names, shown, p, _url(*two), note, is_waiting, p_value), worked_out


def _first_two(row: ScoreRow) -> tuple[int, int] | None:
    sign = -1 if row.metric.higher_is_better else 1
    known = sorted((sign * score.value, place) for place, score in enumerate(row.scores) if score is not None)
    return (known[0][1], known[1][1]) if len(known) > 1 else None


def _pair(first: Evaluation, second: Evaluation, may_work: bool) -> tuple[Pair | None, str, int]:
    try:
        pair = pair_kept(first, second)
        if pair is not None:
            return pair, "", 0
        if may_work and max(first.examples, second.examples) <= MOST_EXAMPLES_HERE:
            return pair_of(first, second), "", 1
    except Invalid as error:
        return None, error.message, 0
    return None, WAITING, 0


def _url(first: Evaluation, second: Evaluation) -> str:
    namespace, _, name = first.repo.full_name.partition("/")
    return reverse("repo-measurement-against", args=[namespace, name, first.pk, second.pk])

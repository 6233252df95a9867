"""What was measured of each entry, by dataset and metric, side by side; only numbers of one definition stand in one row."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from hub.evals.means import Means, means_kept
from hub.evals.models import Evaluation
from hub.evals.twins import evaluations_at
from hub.pages.beside.members import Member, Reader
from hub.pages.measured import domain_words
from hub.pages.numbers import thousands
from workers.contracts.tasks import METRICS, Metric

MOST_ROWS = 64
_OLD = "before definitions, "


@dataclass(frozen=True)
class Score:
    """A measured value with its 95 % interval, where there is one, and the evaluation that it comes from."""

    value: float
    low: float | None
    high: float | None
    n: int
    evaluation: Evaluation


@dataclass(frozen=True)
class ScoreRow:
    """One definition: `data` and split, measured with `metric`. `scores[i]` is that of `members[i]`, None where not measured."""

    data: str
    split: str
    digest: str
    metric: Metric
    scores: tuple[Score | None, ...]
    is_defined: bool = True

    @property
    def best(self) -> int | None:
        """The place of the best value, None where fewer than two were measured, and where the best are level."""
        known = [(score.value, place) for place, score in enumerate(self.scores) if score is not None]
        if len(known) < 2:
            return None
        top = (max if self.metric.higher_is_better else min)(value for value, _ in known)
        places = [place for value, place in known if value == top]
        return places[0] if len(places) == 1 else None

    @property
    def is_clear(self) -> bool:
        """No other interval reaches the best one's: a cautious sign that it is no chance."""
        best = self.scores[self.best] if self.best is not None else None
        if best is None or best.low is None or best.high is None:
            return False
        others = [score for place, score in enumerate(self.scores) if score is not None and place != self.best]
        if any(score.low is None or score.high is None for score in others):
            return False
        if self.metric.higher_is_better:
            return all(score.high < best.low for score in others)  # type: ignore[operator]
        return all(score.low > best.high for score in others)  # type: ignore[operator]

    @property
    def measured(self) -> int:
        return sum(score is not None for score in self.scores)

    @property
    def is_complete(self) -> bool:
        return all(score is not None for score in self.scores)


def score_rows(members: Sequence[Member], *, user: Reader) -> list[ScoreRow]:
    """Rows that most of them share first. The first metric of each definition, of what `user` may see."""
    found: dict[tuple[str, str, str, str], dict[int, Evaluation]] = defaultdict(dict)
    for place, member in enumerate(members):
        for row in evaluations_at(member.opened.repo.pk, member.opened.commit, user).values():
            meaning = row.definition_digest or _OLD + row.data_commit
            found[row.data_name, row.split, meaning, row.metric][place] = row
    rows = [
        ScoreRow(data, split, meaning, metric, tuple(_score(by_place.get(place), metric.name) for place in range(len(members))), not meaning.startswith(_OLD))
        for (data, split, meaning, name), by_place in found.items()
        if (metric := next((entry for entry in METRICS if entry.name == name), None)) is not None
    ]  # fmt: skip
    rows = [row for row in rows if any(score is not None for score in row.scores)]
    rows.sort(key=lambda row: (-sum(score is not None for score in row.scores), row.metric.name, row.data, row.split))
    return rows[:MOST_ROWS]


def _score(row: Evaluation | None, metric: str) -> Score | None:
    measured = row.metrics.get(metric) if row is not None else None
    if row is None or not isinstance(measured, dict) or not isinstance(measured.get("value"), int | float):
        return None
    return Score(float(measured["value"]), measured.get("low"), measured.get("high"), int(measured.get("n") or row.examples), row)  # fmt: skip


def row_words(rows: Sequence[ScoreRow]) -> list[str]:
    """Short names; the split where it is not test, the digest where one dataset was measured in two ways."""
    words = domain_words([row.data for row in rows])
    words = [word if row.split == "test" else f"{word}, {row.split}" for word, row in zip(words, rows, strict=True)]
    return [
        word if words.count(word) == 1 else f"{word} ({row.digest[:6] if row.is_defined else 'older'})"
        for word, row in zip(words, rows, strict=True)
    ]


@dataclass(frozen=True)
class Mean:
    """Over datasets: `values` by entry, with `found.intervals` where there are any."""

    values: tuple[float, ...]
    found: Means
    metric: Metric
    datasets: int

    @property
    def best(self) -> tuple[int, ...]:
        """The places of the best, more than one where they are level."""
        top = (max if self.metric.higher_is_better else min)(self.values)
        return tuple(place for place, value in enumerate(self.values) if value == top)

    def ends(self, place: int) -> tuple[float, float] | tuple[None, None]:
        return (
            (self.found.intervals[place].low, self.found.intervals[place].high)
            if self.found.intervals
            else (None, None)
        )

    @property
    def note(self) -> str:
        """What the interval rests on, or why there is none."""
        if not self.found.intervals:
            return self.found.note
        if self.found.pooling == "same":
            return f"The mean’s 95 % interval is over {thousands(self.found.sources)} examples, each drawn in all {self.datasets} datasets at once: they are forms of the same ones."
        return f"The mean’s 95 % interval takes the examples of the {self.datasets} datasets for different ones. If some are the same, it is too narrow: a cluster column in the benchmarks says so."


def mean_of(rows: Sequence[ScoreRow], count: int) -> Mean | None:
    """Over `rows` of one metric, where all were measured on all of them and there is more than one."""
    if len(rows) < 2 or not all(row.is_complete for row in rows):
        return None
    known = [[row.scores[place] for row in rows] for place in range(count)]
    values = tuple(sum(score.value for score in scores) / len(rows) for scores in known)  # type: ignore[union-attr]
    metric = rows[0].metric
    found = means_kept([[score.evaluation for score in scores] for scores in known], metric.name)  # type: ignore[union-attr]
    return Mean(values, found, metric, len(rows))


def means_by_metric(rows: Sequence[ScoreRow], count: int) -> dict[str, Mean]:
    found = {name: mean_of([row for row in rows if row.metric.name == name], count) for name in dict.fromkeys(row.metric.name for row in rows)}  # fmt: skip
    return {name: mean for name, mean in found.items() if mean is not None}

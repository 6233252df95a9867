"""What was measured of each entry, by dataset and metric, side by side; only numbers of one definition stand in one row."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from hub.evals.models import Evaluation
from hub.evals.twins import evaluations_at
from hub.pages.beside.members import Member, Reader
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
        """The place of the best value, None where fewer than two were measured."""
        known = [(score.value, place) for place, score in enumerate(self.scores) if score is not None]
        if len(known) < 2:
            return None
        return (max if self.metric.higher_is_better else min)(known, key=lambda pair: pair[0])[1]

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


def means_of(rows: Sequence[ScoreRow], count: int) -> tuple[float, ...] | None:
    """Per entry over `rows`, where all were measured on all of them and there is more than one."""
    if len(rows) < 2 or not all(row.is_complete for row in rows):
        return None
    return tuple(
        sum(row.scores[place].value for row in rows) / len(rows)  # type: ignore[union-attr]
        for place in range(count)
    )

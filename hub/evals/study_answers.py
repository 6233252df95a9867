"""The answers of a study as arrays: examples by forms, every model on the same examples."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hub.evals.answers import Answers, answers_of, match
from hub.evals.study import Study
from workers.contracts.tasks import Metric, metric_get
from workers.statistics.clustered import Table
from workers.statistics.intervals import Floats


@dataclass(frozen=True)
class StudyAnswers:
    """`values` is `[models, examples, seeds × splits]`, `weights` likewise: their sums' ratio is the metric, as measured.

    A row is one example in all its forms; `count` `[examples, seeds × splits]` says how often it is there. `sign` is -1 for a
    loss: differences are turned so that above 0 is better. `right` is `[models, answers]` of the first seed, one after the
    other, None where answers are not simply right or wrong. `chance` holds, by split, the share of the most frequent class.
    """

    values: Floats
    weights: Floats
    count: Floats
    right: NDArray[np.bool_] | None
    chance: tuple[float | None, ...]
    splits: int
    dropped: int
    sign: int

    @property
    def examples(self) -> int:
        return int(self.count[:, : self.splits].sum())

    def table(self, number: int, place: int | None = None) -> Table:
        """One model's answers; of one split where `place` is given."""
        columns = self._columns(place)
        return Table(self.values[number][:, columns], self.weights[number][:, columns])

    def difference(self, number: int, other: int, place: int | None = None) -> Table:
        """One model against another on the same examples: their weights (examples, bytes) are the same."""
        mine, theirs = self.table(number, place), self.table(other, place)
        return Table(self.sign * (mine.values - theirs.values), mine.present)

    def by_seed(self, number: int) -> tuple[float, ...]:
        means = self.values[number].sum(axis=0) / self.weights[number].sum(axis=0)
        return tuple(float(mean) for mean in means.reshape(-1, self.splits).mean(axis=1))

    def _columns(self, place: int | None) -> slice:
        return slice(None) if place is None else slice(place, None, self.splits)


@dataclass(frozen=True)
class _Form:
    """All models on one dataset of one seed, `[models, n]`."""

    example_id: NDArray[np.int64]
    values: Floats
    weights: Floats
    right: NDArray[np.bool_] | None
    chance: float | None
    dropped: int


def study_answers(studies: list[Study]) -> StudyAnswers | None:
    """None where answers were not kept, do not match up, or were weighed differently (bytes of other texts)."""
    metric = metric_get(studies[0].metric)
    forms = []
    for study in studies:
        for place in range(len(study.keys)):
            form = _form(study, place, metric)
            if form is None:
                return None
            forms.append(form)
    ids = np.unique(np.concatenate([form.example_id for form in forms]))
    models, splits = len(studies[0].members), len(studies[0].keys)
    values, weights = (np.zeros((models, len(ids), len(forms))) for _ in range(2))
    count = np.zeros((len(ids), len(forms)))
    for place, form in enumerate(forms):
        rows = np.searchsorted(ids, form.example_id)
        np.add.at(count[:, place], rows, 1.0)
        for number in range(models):
            np.add.at(values[number, :, place], rows, form.values[number])
            np.add.at(weights[number, :, place], rows, form.weights[number])
    first = [form.right for form in forms[:splits]]
    right = (
        None if any(row is None for row in first) else np.concatenate([row for row in first if row is not None], axis=1)
    )
    chance, dropped = tuple(form.chance for form in forms[:splits]), sum(form.dropped for form in forms)
    return StudyAnswers(
        values, weights, count, right, chance, splits, dropped, 1 if metric.higher_is_better else -1
    )  # fmt: skip


def _form(study: Study, place: int, metric: Metric) -> _Form | None:
    columns = ["gold", metric.value, metric.weight]
    found = [answers_of(member.rows[study.keys[place]], columns) for member in study.members]
    known = [item for item in found if item is not None and metric.value in item.columns]
    matched = match(known) if len(known) == len(found) else None
    if matched is None:
        return None
    pairs = list(zip(known, matched.rows, strict=True))
    values = np.stack([metric.sign * item.columns[metric.value][rows].astype(np.float64) for item, rows in pairs])
    weights = np.ones_like(values)
    if metric.weight:
        weights = np.stack([item.columns[metric.weight][rows].astype(np.float64) for item, rows in pairs])
        if (weights != weights[0]).any():
            return None
    right = None
    if known[0].columns[metric.value].dtype == np.bool_:
        right = values.astype(np.bool_)
    chance = _chance(known[0]) if metric.value == "correct" else None
    return _Form(matched.example_id, values, weights, right, chance, matched.dropped)


def _chance(answers: Answers) -> float | None:
    """What always naming the most frequent class would get; None where there are no classes."""
    gold = answers.columns.get("gold")
    if gold is None or gold.dtype.kind not in "iu":
        return None
    return float(np.unique(gold, return_counts=True)[1].max() / len(gold))

"""The answers of a study as arrays: examples by forms, every model on the same examples."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hub.evals.answers import Answers, answers_of, match
from hub.evals.records import Pooling
from hub.evals.study import Study
from hub.evals.study_sources import Keys, alike, pooling_of
from workers.contracts.benchmarks import CLUSTER_COLUMN
from workers.contracts.tasks import Metric, metric_get
from workers.statistics.clustered import Table
from workers.statistics.intervals import Floats, Whole


@dataclass(frozen=True)
class StudyAnswers:
    """`values` is `[models, examples, seeds × splits]`, `weights` likewise: their sums' ratio is the metric, as measured.

    A row is one example in all its forms; `count` `[examples, seeds × splits]` says how often it is there. `sign` is -1 for a
    loss: differences are turned so that above 0 is better. `right` is `[models, answers]` of the first seed, one after the
    other, None where answers are not simply right or wrong; `row` `[answers]` says to which row each belongs. `chance` holds,
    by split, the share of the most frequent class. `pooling` says whether the splits hold the same examples.
    """

    values: Floats
    weights: Floats
    count: Floats
    right: NDArray[np.bool_] | None
    row: Whole
    pooling: Pooling
    chance: tuple[float | None, ...]
    splits: int
    dropped: int
    sign: int

    @property
    def examples(self) -> int:
        return int(self.count[:, : self.splits].sum())

    @property
    def sources(self) -> int:
        """Different examples of the first seed."""
        return int((self.count[:, : self.splits].sum(axis=1) > 0).sum())

    def net(self, number: int, other: int) -> Whole:
        """By row: how many answers of the first seed `number` gets right and `other` does not, less those the other way round."""
        assert self.right is not None  # noqa: S101  the caller has looked
        step = self.right[number].astype(np.int64) - self.right[other]
        return np.bincount(self.row, weights=step, minlength=len(self.count)).astype(np.int64)

    def right_on(self, place: int, number: int) -> tuple[NDArray[np.bool_], NDArray[np.bool_], bool]:
        """On one dataset of the first seed: what the child and `number` get right; whether each answer is to its own example."""
        assert self.right is not None  # noqa: S101  the caller has looked
        ends = np.cumsum(self.count[:, : self.splits].sum(axis=0)).astype(int)
        part = slice(int(ends[place - 1]) if place else 0, int(ends[place]))
        return self.right[0][part], self.right[number][part], bool((self.count[:, place] <= 1).all())

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

    keys: Keys
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
    keys = alike([form.keys for form in forms])
    ids = np.unique(np.concatenate([row.key for row in keys]))
    models, splits = len(studies[0].members), len(studies[0].keys)
    values, weights = (np.zeros((models, len(ids), len(forms))) for _ in range(2))
    count = np.zeros((len(ids), len(forms)))
    places = [np.searchsorted(ids, row.key).astype(np.int64) for row in keys]
    for place, (form, rows) in enumerate(zip(forms, places, strict=True)):
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
        values, weights, count, right, np.concatenate(places[:splits]), pooling_of(keys[:splits]),
        chance, splits, dropped, 1 if metric.higher_is_better else -1,
    )  # fmt: skip


def _form(study: Study, place: int, metric: Metric) -> _Form | None:
    columns = ["gold", metric.value, metric.weight, CLUSTER_COLUMN]
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
    return _Form(_keys(study, place, pairs), values, weights, right, chance, matched.dropped)


def _keys(study: Study, place: int, pairs: Sequence[tuple[Answers, Whole]]) -> Keys:
    """Of the first model whose answers name their clusters; else by the examples' numbers."""
    named = next((number for number, (item, _) in enumerate(pairs) if item.cluster is not None), 0)
    item, rows = pairs[named]
    definition = study.members[named].rows[study.keys[place]].definition or {}
    gold = item.columns.get("gold")
    return Keys(
        item.cluster[rows] if item.cluster is not None else item.example_id[rows],
        str(definition.get("cluster") or CLUSTER_COLUMN) if item.cluster is not None else "",
        gold[rows] if gold is not None else None,
    )


def _chance(answers: Answers) -> float | None:
    """What always naming the most frequent class would get; None where there are no classes."""
    gold = answers.columns.get("gold")
    if gold is None or gold.dtype.kind not in "iu":
        return None
    return float(np.unique(gold, return_counts=True)[1].max() / len(gold))

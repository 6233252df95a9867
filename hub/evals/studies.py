"""From single answers to a comparison: means, gains, flips and what was given up, each with its interval."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hub.evals.answers import answers_of, joined
from hub.evals.records import Comparison, DomainScore, Flips, GivenUp, ModelScores, SeedRow
from hub.evals.study import Study
from workers.statistics.clustered import Table, clustered_means
from workers.statistics.interval import Interval
from workers.statistics.intervals import Floats
from workers.statistics.mcnemar import mcnemar

Name = tuple[str, int]


@dataclass(frozen=True)
class _Answers:
    """`correct` is `[models, examples, seeds × splits]`, `present` the last two of these; a row is one example in all its forms.

    `pooled` is `[models, answers]` of the first seed, one after the other.
    """

    correct: Floats
    present: Floats
    pooled: NDArray[np.bool_]
    splits: int
    dropped: int

    def table(self, number: int, place: int | None = None) -> Table:
        """One model's answers; of one split where `place` is given."""
        columns = slice(None) if place is None else slice(place, None, self.splits)
        return Table(self.correct[number][:, columns], self.present[:, columns])

    def difference(self, number: int, other: int, place: int | None = None) -> Table:
        mine, theirs = self.table(number, place), self.table(other, place)
        return Table(mine.values - theirs.values, mine.present)

    def by_seed(self, number: int) -> tuple[float, ...]:
        means = self.correct[number].sum(axis=0) / self.present.sum(axis=0)
        return tuple(float(mean) for mean in means.reshape(-1, self.splits).mean(axis=1))


def comparison_compute(studies: list[Study], *, hidden: int = 0) -> Comparison | None:
    """`studies` are repetitions of one study; the first gives the tables of the first seed. None when answers do not match up."""
    answers = _answers(studies)
    if answers is None:
        return None
    first = studies[0]
    parents = [number for number, member in enumerate(first.members) if member.role == "parent"]
    best = max(parents, key=lambda number: answers.table(number).mean)
    specialists = [
        max(parents, key=lambda number: answers.table(number, place).mean) for place in range(len(first.keys))
    ]
    intervals = clustered_means(_tables(answers, first, best, specialists))
    models = [_scores(studies, number, answers, intervals) for number in range(len(first.members))]
    return Comparison(
        split=first.keys[0][2],
        models=tuple(sorted(models, key=lambda model: ("child", "parent", "base").index(model.role))),
        best_parent=first.members[best].reference,
        gain=intervals["gain", 0],
        given_up=tuple(
            GivenUp(key[0], first.members[specialists[place]].reference, intervals["given up", place])
            for place, key in enumerate(first.keys)
        ),
        flips=tuple(
            _flips(first.members[number].reference, answers.pooled[0], answers.pooled[number]) for number in parents
        ),
        seeds=tuple(_seed_row(studies, seed, answers, parents) for seed in range(len(studies))),
        examples=int(answers.present[:, : answers.splits].sum()),
        dropped=answers.dropped,
        hidden=hidden,
        missing=first.missing,
    )


def _answers(studies: list[Study]) -> _Answers | None:
    columns, dropped = [], 0
    for study in studies:
        for key in study.keys:
            found = [answers_of(member.rows[key]) for member in study.members]
            known = [item for item in found if item is not None]
            match = joined(known) if len(known) == len(found) else None
            if match is None:
                return None
            columns.append(match)
            dropped += match[2]
    ids = np.unique(np.concatenate([example_id for example_id, _, _ in columns]))
    models = len(studies[0].members)
    correct, present = np.zeros((models, len(ids), len(columns))), np.zeros((len(ids), len(columns)))
    for place, (example_id, right, _) in enumerate(columns):
        rows = np.searchsorted(ids, example_id)
        np.add.at(present[:, place], rows, 1.0)
        for number in range(models):
            np.add.at(correct[number, :, place], rows, right[number].astype(np.float64))
    splits = len(studies[0].keys)
    return _Answers(
        correct, present, np.concatenate([right for _, right, _ in columns[:splits]], axis=1), splits, dropped
    )


def _tables(answers: _Answers, study: Study, best: int, specialists: list[int]) -> dict[Name, Table]:
    tables: dict[Name, Table] = {("gain", 0): answers.difference(0, best)}
    for number in range(len(study.members)):
        tables["mean", number] = answers.table(number)
        for place in range(answers.splits):
            tables[f"domain {place}", number] = answers.table(number, place)
    for place, number in enumerate(specialists):
        tables["given up", place] = answers.difference(0, number, place)
    return tables


def _scores(studies: list[Study], number: int, answers: _Answers, intervals: dict[Name, Interval]) -> ModelScores:
    """Per dataset: with one seed as it was measured; with several the mean over them, its interval from resampled examples."""
    member, scores = studies[0].members[number], {}
    for place, key in enumerate(studies[0].keys):
        measured = member.rows[key].metrics["accuracy"]
        shown = Interval(measured["value"], measured["low"], measured["high"])
        if len(studies) > 1:
            shown = intervals[f"domain {place}", number]
        scores[key[0]] = DomainScore(key[0], shown.value, shown.low, shown.high, measured["n"])
    return ModelScores(
        member.reference,
        member.role,
        member.commit,
        intervals["mean", number],
        scores,
        answers.by_seed(number),
        member.weight,
    )


def _flips(parent: str, child: NDArray[np.bool_], other: NDArray[np.bool_]) -> Flips:
    gained, lost = int((child & ~other).sum()), int((~child & other).sum())
    return Flips(parent, int((child & other).sum()), gained, lost, int((~child & ~other).sum()), mcnemar(gained, lost))


def _seed_row(studies: list[Study], seed: int, answers: _Answers, parents: list[int]) -> SeedRow:
    means = [answers.by_seed(number)[seed] for number in range(len(studies[seed].members))]
    best = max(parents, key=lambda number: means[number])
    names = [member.reference for member in studies[seed].members]
    return SeedRow(studies[seed].name, dict(zip(names, means, strict=True)), names[best], means[0] - means[best])

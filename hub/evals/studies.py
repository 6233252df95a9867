"""From single answers to a comparison: means, gains, flips and what was given up, each with its interval."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hub.evals.answers import answers_of, joined
from hub.evals.models import Evaluation
from hub.evals.records import Comparison, DomainScore, Flips, GivenUp, ModelScores, SeedRow
from hub.evals.statistics import Floats, Interval, clustered_mean, mcnemar
from hub.evals.twins import Key


@dataclass(frozen=True)
class Member:
    """One model of a study with its evaluations."""

    reference: str
    role: str
    commit: str
    rows: dict[Key, Evaluation]
    weight: float | None = None


@dataclass(frozen=True)
class Study:
    """A child, its parents and their base, measured on the same splits. A repetition from another seed is a study of the same shape."""

    name: str
    members: tuple[Member, ...]
    keys: tuple[Key, ...]
    missing: tuple[str, ...] = ()

    @property
    def shape(self) -> tuple[object, ...]:
        return tuple((member.reference, member.role) for member in self.members), self.keys


@dataclass(frozen=True)
class _Table:
    """`correct[model]` and `present` are `[examples, seeds × splits]`, a row being one example in all its forms."""

    correct: Floats
    present: Floats
    pooled: NDArray[np.bool_]
    dropped: int


def comparison_compute(studies: list[Study], *, hidden: int = 0) -> Comparison | None:
    """`studies` are repetitions of one study; the first gives the tables of the first seed. None when answers do not match up."""
    table = _table(studies)
    if table is None:
        return None
    first, splits = studies[0], len(studies[0].keys)
    means = [clustered_mean(table.correct[number], table.present) for number in range(len(first.members))]
    seed_means = [_by_seed(table, number, splits) for number in range(len(first.members))]
    parents = [number for number, member in enumerate(first.members) if member.role == "parent"]
    best = max(parents, key=lambda number: means[number].value)
    models = tuple(
        ModelScores(
            member.reference, member.role, member.commit, means[number], _domains(studies, number, table, splits), seed_means[number], member.weight
        )
        for number, member in enumerate(first.members)
    )  # fmt: skip
    return Comparison(
        split=first.keys[0][2],
        models=tuple(sorted(models, key=lambda model: ("child", "parent", "base").index(model.role))),
        best_parent=first.members[best].reference,
        gain=clustered_mean(table.correct[0] - table.correct[best], table.present),
        given_up=tuple(_given_up(first, table, parents, place, splits) for place in range(splits)),
        flips=tuple(
            _flips(first.members[number].reference, table.pooled[0], table.pooled[number]) for number in parents
        ),
        seeds=tuple(_seed_row(studies, seed, seed_means, parents) for seed in range(len(studies))),
        examples=int(table.present[:, :splits].sum()),
        dropped=table.dropped,
        hidden=hidden,
        missing=first.missing,
    )


def _table(studies: list[Study]) -> _Table | None:
    columns, dropped = [], 0
    for study in studies:
        for key in study.keys:
            answers = [answers_of(member.rows[key]) for member in study.members]
            known = [item for item in answers if item is not None]
            match = joined(known) if len(known) == len(answers) else None
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
    pooled = np.concatenate([right for _, right, _ in columns[: len(studies[0].keys)]], axis=1)
    return _Table(correct, present, pooled, dropped)


def _by_seed(table: _Table, number: int, splits: int) -> tuple[float, ...]:
    means = table.correct[number].sum(axis=0) / table.present.sum(axis=0)
    return tuple(float(mean) for mean in means.reshape(-1, splits).mean(axis=1))


def _domains(studies: list[Study], number: int, table: _Table, splits: int) -> dict[str, DomainScore]:
    """One seed: as measured. Several: the mean over seeds, with an interval that resamples examples."""
    scores = {}
    for place, key in enumerate(studies[0].keys):
        row = studies[0].members[number].rows[key]
        accuracy = row.metrics["accuracy"]
        if len(studies) == 1:
            scores[key[0]] = DomainScore(key[0], accuracy["value"], accuracy["low"], accuracy["high"], accuracy["n"])
        else:
            mean = clustered_mean(table.correct[number][:, place::splits], table.present[:, place::splits])
            scores[key[0]] = DomainScore(key[0], mean.value, mean.low, mean.high, accuracy["n"])
    return scores


def _given_up(study: Study, table: _Table, parents: list[int], place: int, splits: int) -> GivenUp:
    present = table.present[:, place::splits]
    totals = {number: table.correct[number][:, place::splits].sum() for number in parents}
    best = max(parents, key=lambda number: totals[number])
    difference: Interval = clustered_mean(
        table.correct[0][:, place::splits] - table.correct[best][:, place::splits], present
    )
    return GivenUp(study.keys[place][0], study.members[best].reference, difference)


def _flips(parent: str, child: NDArray[np.bool_], other: NDArray[np.bool_]) -> Flips:
    gained, lost = int((child & ~other).sum()), int((~child & other).sum())
    return Flips(parent, int((child & other).sum()), gained, lost, int((~child & ~other).sum()), mcnemar(gained, lost))


def _seed_row(studies: list[Study], seed: int, seed_means: list[tuple[float, ...]], parents: list[int]) -> SeedRow:
    best = max(parents, key=lambda number: seed_means[number][seed])
    names = [member.reference for member in studies[seed].members]
    return SeedRow(
        studies[seed].name, {name: seed_means[number][seed] for number, name in enumerate(names)}, names[best], seed_means[0][seed] - seed_means[best][seed]
    )  # fmt: skip

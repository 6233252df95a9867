"""From single answers to a comparison: means, gains, flips, what was given up and what was kept, each with its interval."""

from dataclasses import replace

from hub.evals.records import Comparison, DataFlips, DomainScore, Flips, GivenUp, ModelScores, SeedRow
from hub.evals.study import Study
from hub.evals.study_answers import StudyAnswers, study_answers
from hub.evals.study_kept import kept_rows
from workers.statistics.clustered import Table, clustered_means
from workers.statistics.flips import Flips as Counts
from workers.statistics.flips import flips_of
from workers.statistics.interval import Interval
from workers.statistics.mcnemar import mcnemar
from workers.statistics.multiple import holm
from workers.statistics.normalised import summary_of
from workers.statistics.signs import sign_flip_p

Name = tuple[str, int]


def comparison_compute(studies: list[Study], *, hidden: int = 0) -> Comparison | None:
    """`studies` are repetitions of one study; the first gives the tables of the first seed. None when answers do not match up."""
    answers = study_answers(studies)
    if answers is None:
        return None
    first = studies[0]
    parents = [number for number, member in enumerate(first.members) if member.role == "parent"]
    best = max(parents, key=lambda number: answers.sign * answers.table(number).mean)
    specialists = [
        max(parents, key=lambda number: answers.sign * answers.table(number, place).mean)
        for place in range(len(first.keys))
    ]
    intervals = clustered_means(_tables(answers, first, best, specialists))
    models = [_scores(studies, number, answers, intervals) for number in range(len(first.members))]
    kept = kept_rows(answers, first, specialists)
    return Comparison(
        split=first.keys[0][2],
        models=tuple(sorted(models, key=lambda model: ("child", "parent", "base").index(model.role))),
        best_parent=first.members[best].reference,
        gain=intervals["gain", 0],
        given_up=tuple(
            GivenUp(key[0], first.members[specialists[place]].reference, intervals["given up", place])
            for place, key in enumerate(first.keys)
        ),
        flips=_flips(answers, first, parents),
        seeds=tuple(_seed_row(studies, seed, answers, parents) for seed in range(len(studies))),
        examples=answers.examples,
        dropped=answers.dropped,
        hidden=hidden,
        missing=first.missing,
        metric=first.metric,
        kept=kept,
        sources=answers.sources,
        pooling=answers.pooling,
        task=first.members[0].rows[first.keys[0]].task,
        normalised=summary_of([row.normalised.value if row.normalised is not None else None for row in kept]),
    )


def _tables(answers: StudyAnswers, study: Study, best: int, specialists: list[int]) -> dict[Name, Table]:
    tables: dict[Name, Table] = {("gain", 0): answers.difference(0, best)}
    for number in range(len(study.members)):
        tables["mean", number] = answers.table(number)
        for place in range(answers.splits):
            tables[f"domain {place}", number] = answers.table(number, place)
    for place, number in enumerate(specialists):
        tables["given up", place] = answers.difference(0, number, place)
    return tables


def _scores(studies: list[Study], number: int, answers: StudyAnswers, intervals: dict[Name, Interval]) -> ModelScores:
    """Per dataset: with one seed as it was measured; with several the mean over them, its interval from resampled examples."""
    member, scores = studies[0].members[number], {}
    for place, key in enumerate(studies[0].keys):
        measured = member.rows[key].metrics[studies[0].metric]
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


def _flips(answers: StudyAnswers, study: Study, parents: list[int]) -> tuple[Flips, ...]:
    """Against each parent; none where answers are not simply right or wrong."""
    if answers.right is None:
        return ()
    counted = [flips_of(answers.right[number], answers.right[0]) for number in parents]
    tests = [_test(answers, number, row) for number, row in zip(parents, counted, strict=True)]
    adjusted = _holm([p_value for _, p_value in tests])
    by_data = _flips_by_data(answers, study, parents)
    return tuple(
        Flips(
            study.members[number].reference, row.both_right, row.gained, row.lost, row.both_wrong, p_value, p_adjusted, test, parts
        )
        for number, row, (test, p_value), p_adjusted, parts in zip(parents, counted, tests, adjusted, by_data, strict=True)
    )  # fmt: skip


def _flips_by_data(answers: StudyAnswers, study: Study, parents: list[int]) -> list[tuple[DataFlips, ...]]:
    """On each dataset alone every answer mostly is to an example of its own: there McNemar's test is at home."""
    rows = []
    for number in parents:
        for place, key in enumerate(study.keys):
            mine, theirs, is_single = answers.right_on(place, number)
            row = flips_of(theirs, mine)
            rows.append(DataFlips(key[0], row.gained, row.lost, mcnemar(row.gained, row.lost) if is_single else None))
    adjusted = _holm([row.p_value for row in rows])
    rows = [replace(row, p_adjusted=p_adjusted) for row, p_adjusted in zip(rows, adjusted, strict=True)]
    return [tuple(rows[at : at + answers.splits]) for at in range(0, len(rows), answers.splits)]


def _holm(p_values: list[float | None]) -> list[float | None]:
    """Over those that there are."""
    adjusted = iter(holm([p_value for p_value in p_values if p_value is not None]))
    return [next(adjusted) if p_value is not None else None for p_value in p_values]


def _test(answers: StudyAnswers, number: int, row: Counts) -> tuple[str, float | None]:
    """McNemar's p takes every answer for independent: it is for a single dataset whose answers are."""
    if answers.pooling == "unknown":
        return "", None
    if answers.sources == row.n:
        return "mcnemar", mcnemar(row.gained, row.lost)
    return "signs", sign_flip_p(answers.net(0, number).tolist())


def _seed_row(studies: list[Study], seed: int, answers: StudyAnswers, parents: list[int]) -> SeedRow:
    means = [answers.by_seed(number)[seed] for number in range(len(studies[seed].members))]
    best = max(parents, key=lambda number: answers.sign * means[number])
    names = [member.reference for member in studies[seed].members]
    gain = answers.sign * (means[0] - means[best])
    return SeedRow(studies[seed].name, dict(zip(names, means, strict=True)), names[best], gain)

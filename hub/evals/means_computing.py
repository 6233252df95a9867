"""Means over datasets from single answers. Loads arrays."""

from collections.abc import Sequence

from hub.evals.means import Means
from hub.evals.models import Evaluation
from hub.evals.study import Member, Study
from hub.evals.study_answers import study_answers
from hub.evals.twins import Key
from workers.statistics.clustered import clustered_means


def means_compute(models: Sequence[Sequence[Evaluation]], metric: str) -> Means:
    keys = tuple(_key(row) for row in models[0])
    members = tuple(
        Member(str(number), "parent", results[0].commit_oid, dict(zip(keys, results, strict=True)))
        for number, results in enumerate(models)
    )
    answers = study_answers([Study("", members, keys, metric=metric)])
    if answers is None or answers.dropped:
        return Means(note="No interval: these results are not of the same examples throughout. Measure them again on one version of the data.")  # fmt: skip
    if answers.sources < 2:
        return Means(note="No interval: there is one example alone.")
    found = clustered_means({number: answers.table(number) for number in range(len(models))})
    return Means(tuple(found[number] for number in range(len(models))), "", answers.pooling, answers.sources)


def _key(row: Evaluation) -> Key:
    return row.data_name, row.data_commit, row.split, row.definition_digest

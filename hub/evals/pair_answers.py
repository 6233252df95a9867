"""Two results on the examples that both have, as arrays; and why two results cannot be put side by side."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hub.core.errors import Invalid
from hub.evals.answers import LEAST_OVERLAP, Answers, answers_of, match
from hub.evals.models import Evaluation
from hub.evals.pair_checks import pair_check
from workers.contracts.tasks import Metric, Task, metric_get, task_get
from workers.statistics.bootstrap import Estimate, cluster_codes, cluster_codes_shared, estimate
from workers.statistics.intervals import Floats, Whole
from workers.statistics.scores import Columns, value_under


@dataclass(frozen=True)
class PairAnswers:
    """`first` and `second` hold the answer columns on the same `n` examples, in the order of the first; `rows` is where they

    stood there. `metric` is the one that both are ranked by.
    """

    task: Task
    metric: Metric
    example_id: Whole
    sha: tuple[str, ...]
    rows: Whole
    first: Columns
    second: Columns
    slices: dict[str, NDArray[np.str_]]
    cluster: Whole | None
    dropped: int

    @property
    def n(self) -> int:
        return len(self.example_id)

    @property
    def right(self) -> tuple[NDArray[np.bool_], NDArray[np.bool_]] | None:
        """Whether each is right, first and second; None where answers are not right or wrong."""
        if "correct" not in self.first:
            return None
        return self.first["correct"].astype(np.bool_), self.second["correct"].astype(np.bool_)

    @property
    def codes(self) -> tuple[NDArray[np.int64], NDArray[np.int64]] | None:
        """Class numbers that each chose; None where answers are no classes."""
        chosen = [columns.get("prediction") for columns in (self.first, self.second)]
        if any(column is None or column.dtype.kind not in "iu" for column in chosen):
            return None
        return self.first["prediction"].astype(np.int64), self.second["prediction"].astype(np.int64)

    @property
    def said(self) -> tuple[NDArray[Any], NDArray[Any]] | None:
        """What each answered, a class or words; None where only scores were kept."""
        if "prediction" not in self.first:
            return None
        return self.first["prediction"], self.second["prediction"]

    def scores(self) -> tuple[Floats, Floats] | None:
        """The metric by example, turned so that higher is better; None where it is of the whole alone."""
        metric = self.metric
        if metric.form == "statistic":
            return None
        turned = metric.sign * (1.0 if metric.higher_is_better else -1.0)
        found = [turned * columns[metric.value].astype(np.float64) for columns in (self.first, self.second)]
        if metric.weight:
            weights = self.first[metric.weight].astype(np.float64)
            found = [np.divide(score, weights, out=np.zeros_like(score), where=weights > 0) for score in found]
        return found[0], found[1]

    def part(self, inside: NDArray[np.bool_]) -> "PairAnswers":
        return replace(
            self,
            example_id=self.example_id[inside],
            sha=(),
            rows=self.rows[inside],
            first={name: column[inside] for name, column in self.first.items()},
            second={name: column[inside] for name, column in self.second.items()},
            cluster=cluster_codes(self.cluster[inside]) if self.cluster is not None else None,
        )


def pair_answers(first: Evaluation, second: Evaluation) -> PairAnswers:
    """Raises:
    Invalid: they do not mean the same, their answers were not kept or are too many, or belong to other examples.
    """
    pair_check(first, second)
    task = task_get(first.task)
    if task is None:
        raise Invalid(f"The task {first.task} is not known here any more.")
    known = [_answers(row, task) for row in (first, second)]
    matched = match(known)
    if matched is None:
        raise Invalid(
            f"Fewer than {LEAST_OVERLAP:.0%} of the examples of these two results are the same. Measure both again on one dataset."
        )
    mine, theirs = matched.rows
    names = [name for name, _ in task.answers if all(name in item.columns for item in known)]
    metric = metric_get(first.metric)
    if not _is_there(metric, names):
        raise Invalid(f"The answers do not hold what {metric.label} is worked out from. Measure both again.")
    cluster = known[0].cluster
    return PairAnswers(
        task,
        metric,
        matched.example_id,
        tuple(known[0].sha[row] for row in mine),
        mine,
        {name: known[0].columns[name][mine] for name in names},
        {name: known[1].columns[name][theirs] for name in names},
        {name: column[mine].astype(np.str_) for name, column in known[0].slices.items()},
        cluster_codes_shared(cluster[mine].astype(np.str_)) if cluster is not None else None,
        matched.dropped,
    )


def difference_of(answers: PairAnswers, metric: Metric, resamples: int) -> Estimate | None:
    """First against second, above 0 where the first is better; None where it is undefined."""
    sign = 1.0 if metric.higher_is_better else -1.0

    def statistic(weights: Floats) -> Floats:
        return sign * (value_under(metric, answers.first, weights) - value_under(metric, answers.second, weights))

    return estimate(statistic, answers.n, cluster=answers.cluster, resamples=resamples)


def _answers(row: Evaluation, task: Task) -> Answers:
    found = answers_of(row)
    if found is None:
        raise Invalid("The single answers of one of these results were not kept. Measure it again.")
    return found


def _is_there(metric: Metric, names: list[str]) -> bool:
    needed = {"gold", "prediction"} if metric.form == "statistic" else {metric.value, metric.weight} - {""}
    return needed <= set(names)

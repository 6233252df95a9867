"""From the answers of two results to a pair: every number with its interval, every difference with its p. Loads arrays."""

from dataclasses import replace

import numpy as np

from hub.evals.models import Evaluation
from hub.evals.pair import Calibration, CalibrationBin, ChangeShares, MetricPair, Pair
from hub.evals.pair_answers import PairAnswers, difference_of, pair_answers
from hub.evals.pair_cuts import class_cuts, slice_cuts
from workers.contracts.tasks import Metric, metric_get
from workers.statistics.agreement import agreement, kappa
from workers.statistics.bootstrap import RESAMPLES
from workers.statistics.calibration import ece_under, reliability
from workers.statistics.changes import changes_of
from workers.statistics.equivalence import MARGIN, equivalence, smallest_difference
from workers.statistics.flips import entropy_bits, flips_of
from workers.statistics.mcnemar import mcnemar, mcnemar_exact, mcnemar_mid_p
from workers.statistics.scores import Columns, value_under

MOST_IDS = 1_000
FEW_RESAMPLES = 2_000  # for everything but the first metric
_MEASURABLE = {"ece": ("confidence", "correct")}


def pair_compute(first: Evaluation, second: Evaluation) -> Pair:
    """Raises:
    Invalid: the two cannot be put side by side (`pair_answers`).
    """
    answers = pair_answers(first, second)
    metrics = _metrics(answers)
    found = Pair(
        first=str(first.pk),
        second=str(second.pk),
        task=answers.task.name,
        metric=answers.metric.name,
        n=answers.n,
        dropped=answers.dropped,
        clusters=int(answers.cluster.max()) + 1 if answers.cluster is not None else None,
        metrics=metrics,
        test="bootstrap",
        p_value=metrics[0].p_value,
        classes=class_cuts(answers, first),
        slices=slice_cuts(answers),
    )
    return _with_equivalence(_with_answers(found, answers), answers)


def _metrics(answers: PairAnswers) -> tuple[MetricPair, ...]:
    names = [answers.metric.name, *(name for name in answers.task.metrics if name != answers.metric.name)]
    rows = []
    for name in names:
        metric = metric_get(name)
        if not _can_measure(metric, answers.first):
            continue
        found = difference_of(answers, metric, RESAMPLES if name == answers.metric.name else FEW_RESAMPLES)
        values = [_value(metric, columns, answers.n) for columns in (answers.first, answers.second)]
        rows.append(
            MetricPair(
                name,
                values[0],
                values[1],
                found.interval if found is not None else None,
                found.p_value if found is not None else None,
            )
        )
    return tuple(rows)


def _can_measure(metric: Metric, columns: Columns) -> bool:
    """Answers from before a column was kept lack it."""
    needed = [metric.value, metric.weight] if metric.form != "statistic" else _MEASURABLE.get(metric.name, ("gold",))
    return all(name in columns for name in needed if name)


def _value(metric: Metric, columns: Columns, n: int) -> float | None:
    value = float(value_under(metric, columns, np.ones((1, n)))[0])
    return value if np.isfinite(value) else None


def _with_answers(pair: Pair, answers: PairAnswers) -> Pair:
    """Flips and McNemar where answers are right or wrong, shares of change where they have scores; kappa, calibration."""
    codes, right, scores = answers.codes, answers.right, answers.scores()
    if codes is not None:
        pair = replace(pair, agreement=agreement(*codes), kappa=kappa(*codes), calibration=_calibration(answers))
    if right is None:
        if scores is None:
            return pair
        found = changes_of(scores[1], scores[0], cluster=answers.cluster)
        shares = ChangeShares(found.regress, found.gain, found.lost, found.gained, found.margin)
        return replace(pair, changes=shares)
    first, second = right
    flips = flips_of(second, first, answers.said)
    pair = replace(
        pair,
        flips=flips,
        # where several answers belong to one example, they are not independent, as McNemar's test takes them to be
        mcnemar_exact=mcnemar_exact(flips.gained, flips.lost) if answers.cluster is None else None,
        mcnemar_mid_p=mcnemar_mid_p(flips.gained, flips.lost) if answers.cluster is None else None,
        gained_ids=_ids(answers, first & ~second),
        lost_ids=_ids(answers, second & ~first),
        smallest=smallest_difference(flips.n, (flips.gained + flips.lost) / flips.n),
    )
    if codes is not None:
        gains = np.unique(answers.first["gold"][first & ~second], return_counts=True)[1]
        pair = replace(pair, gained_entropy_bits=entropy_bits(gains.tolist()))
    if answers.metric.value == "correct" and answers.cluster is None:
        pair = replace(pair, test="mcnemar", p_value=mcnemar(flips.gained, flips.lost))
    return pair


def _with_equivalence(pair: Pair, answers: PairAnswers) -> Pair:
    """Against one point: only of a share does one point mean something."""
    if answers.metric.unit != "share" or pair.difference is None:
        return pair
    return replace(pair, equivalence=equivalence(pair.difference, MARGIN))


def _ids(answers: PairAnswers, inside: "np.ndarray[tuple[int], np.dtype[np.bool_]]") -> tuple[int, ...]:
    return tuple(answers.example_id[inside][:MOST_IDS].tolist())


def _calibration(answers: PairAnswers) -> tuple[Calibration, Calibration] | None:
    if "confidence" not in answers.first or "correct" not in answers.first:
        return None
    first, second = (_calibrated(columns) for columns in (answers.first, answers.second))
    return first, second


def _calibrated(columns: Columns) -> Calibration:
    confidence, correct = columns["confidence"].astype(np.float64), columns["correct"].astype(np.float64)
    bins = tuple(CalibrationBin(row.confidence, row.accuracy, row.low, row.high, row.n) for row in reliability(confidence, correct))  # fmt: skip
    return Calibration(float(ece_under(confidence, correct, np.ones((1, len(correct))))[0]), bins)

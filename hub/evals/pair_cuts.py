"""A pair cut into parts: by class and by slice. On which part of the examples do the two differ, and is that more than chance?"""

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hub.evals.models import Evaluation
from hub.evals.pair import Cut
from hub.evals.pair_answers import PairAnswers, difference_of
from workers.statistics.flips import flips_of
from workers.statistics.mcnemar import mcnemar
from workers.statistics.multiple import holm
from workers.statistics.scores import value_under

MOST_CLASSES, MOST_VALUES = 200, 100
RESAMPLES = 1_000


def class_cuts(answers: PairAnswers, evaluation: Evaluation) -> tuple[Cut, ...]:
    """One row per class, in index order, the 200 most frequent ones at most; none where answers are no classes."""
    if answers.codes is None or answers.right is None:
        return ()
    labels = evaluation.labels or (evaluation.definition or {}).get("labels") or ()
    gold = answers.first["gold"]
    codes = [int(code) for code in _most(gold, MOST_CLASSES)]
    named = [(labels[code] if 0 <= code < len(labels) else str(code), gold == code) for code in codes]
    return _adjusted([_cut(answers, "", name, inside) for name, inside in named])


def slice_cuts(answers: PairAnswers) -> tuple[Cut, ...]:
    """One row per value of each slice column, the 100 most frequent values of each at most."""
    rows = []
    for column, values in sorted(answers.slices.items()):
        rows += [_cut(answers, column, str(value), values == value) for value in _most(values, MOST_VALUES)]
    return _adjusted(rows)


def _cut(answers: PairAnswers, column: str, value: str, inside: NDArray[np.bool_]) -> Cut:
    part = answers.part(inside)
    metric = answers.metric
    found = difference_of(part, metric, RESAMPLES)
    ones = np.ones((1, part.n))
    first, second = (float(value_under(metric, columns, ones)[0]) for columns in (part.first, part.second))
    cut = Cut(
        column,
        value,
        part.n,
        first if np.isfinite(first) else None,
        second if np.isfinite(second) else None,
        found.interval if found is not None else None,
        found.p_value if found is not None else None,
    )
    if part.right is None:
        return cut
    flips = flips_of(part.right[1], part.right[0])
    cut = replace(cut, gained=flips.gained, lost=flips.lost)
    if metric.value == "correct" and part.cluster is None:
        cut = replace(cut, p_value=mcnemar(flips.gained, flips.lost))
    return cut


def _adjusted(cuts: list[Cut]) -> tuple[Cut, ...]:
    values = iter(holm([cut.p_value for cut in cuts if cut.p_value is not None]))
    return tuple(replace(cut, p_adjusted=next(values) if cut.p_value is not None else None) for cut in cuts)


def _most(values: NDArray[Any], count: int) -> NDArray[Any]:
    """The most frequent values, in their order."""
    known, counts = np.unique(values, return_counts=True)
    return np.sort(known[np.argsort(-counts, kind="stable")[:count]])

"""The very examples on which two results differ."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from hub.evals.models import Evaluation
from hub.evals.pair import ChangedExample
from hub.evals.pair_answers import PairAnswers, pair_answers
from workers.statistics.changes import MARGIN
from workers.statistics.intervals import Whole


def changed(first: Evaluation, second: Evaluation, kind: str) -> list[ChangedExample]:
    answers = pair_answers(first, second)
    scores = answers.scores()
    return [
        ChangedExample(
            int(answers.example_id[place]),
            answers.sha[place],
            int(answers.rows[place]),
            kind,
            _plain(answers.first, "gold", place),
            _plain(answers.first, "prediction", place),
            _plain(answers.second, "prediction", place),
            float(scores[0][place]) if scores is not None else None,
            float(scores[1][place]) if scores is not None else None,
            _plain(answers.first, "confidence", place),
            _plain(answers.second, "confidence", place),
        )
        for place in _places(answers, kind)
    ]


def _places(answers: PairAnswers, kind: str) -> Whole:
    if answers.right is None:
        return _by_size(answers, kind)
    first, second = answers.right
    masks: dict[str, NDArray[np.bool_]] = {
        "gained": first & ~second, "lost": second & ~first, "both_right": first & second, "both_wrong": ~(first | second),
    }  # fmt: skip
    if kind == "changed_wrong":
        said = answers.said
        differ = said[0] != said[1] if said is not None else np.zeros(answers.n, dtype=np.bool_)
        masks[kind] = masks["both_wrong"] & differ
    return np.flatnonzero(masks[kind])


def _by_size(answers: PairAnswers, kind: str) -> Whole:
    """By how much the score moved, most first; nothing where there is none by example, or for a kind that needs right and wrong."""
    scores = answers.scores()
    if scores is None or kind not in ("gained", "lost"):
        return np.zeros(0, dtype=np.int64)
    step = (scores[0] - scores[1]) * (1 if kind == "gained" else -1)
    order: Whole = np.argsort(-step, kind="stable")
    return order[step[order] > MARGIN]


def _plain(columns: Any, name: str, place: int) -> Any:
    column = columns.get(name)
    if column is None:
        return None
    value = column[place]
    return value.item() if isinstance(value, np.generic) else value

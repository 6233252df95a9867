"""What a measurement shows beyond its numbers: calibration, classes, slices. Worked out from the answers once, then kept."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from django.core.cache import cache

from hub.evals.models import Evaluation
from hub.pages.results.columns import answer_columns
from hub.pages.results.noticed import noticed
from workers.contracts.findings import Finding
from workers.contracts.tasks import task_get

CACHE_S = 30 * 24 * 3600
MOST_CLASSES, MOST_SLICES = 200, 60


@dataclass(frozen=True)
class BinRow:
    confidence: float
    accuracy: float
    low: float
    high: float
    n: int


@dataclass(frozen=True)
class ClassRow:
    """`right` of `n` examples of this class were found; `precision` of what was called so is so. `taken_for` is the commonest mistake."""

    code: int
    n: int
    right: int
    low: float
    high: float
    precision: float | None
    taken_for: int | None
    taken_count: int

    @property
    def recall(self) -> float:
        return self.right / self.n


@dataclass(frozen=True)
class SliceRow:
    column: str
    text: str
    n: int
    value: float | None
    low: float | None
    high: float | None


@dataclass(frozen=True)
class Details:
    """`reason` says why there is nothing to show."""

    bins: tuple[BinRow, ...] = ()
    confidence: float | None = None
    accuracy: float | None = None
    ece: float | None = None
    classes: tuple[ClassRow, ...] = ()
    slices: tuple[SliceRow, ...] = field(default=())
    noticed: tuple[Finding, ...] = ()
    reason: str = ""


def details_of(evaluation: Evaluation) -> Details:
    """Evaluations never change, so neither does this."""
    key = f"pages:details:2:{evaluation.pk}"
    found: Details | None = cache.get(key)
    if found is None:
        found = replace(_compute(evaluation), noticed=noticed(evaluation))
        cache.set(key, found, CACHE_S)
    return found


def _compute(evaluation: Evaluation) -> Details:
    columns = answer_columns(evaluation)
    if columns is None:
        return Details(reason="Its single answers were not kept, or are too many to be read for a page.")
    task = task_get(evaluation.task)
    has_classes = task is not None and "correct" in columns and "prediction" in columns and columns["prediction"].dtype.kind in "iu"  # fmt: skip
    bins, confidence, accuracy, ece = _calibration(columns) if has_classes and "confidence" in columns else ((), None, None, None)  # fmt: skip
    return Details(
        bins, confidence, accuracy, ece,
        _classes(columns) if has_classes else (),
        _slices(evaluation, columns, task) if task is not None else (),
    )  # fmt: skip


def _calibration(columns: Any) -> tuple[tuple[BinRow, ...], float, float, float]:
    import numpy as np

    from workers.statistics.calibration import reliability

    confidence, correct = columns["confidence"].astype(float), columns["correct"].astype(float)
    bins = reliability(confidence, correct)
    total = sum(entry.n for entry in bins)
    ece = sum(entry.n * abs(entry.accuracy - entry.confidence) for entry in bins) / total
    rows = tuple(BinRow(entry.confidence, entry.accuracy, entry.low, entry.high, entry.n) for entry in bins)
    return rows, float(np.mean(confidence)), float(np.mean(correct)), float(ece)


def _classes(columns: Any) -> tuple[ClassRow, ...]:
    import numpy as np

    from workers.statistics.intervals import wilson_interval

    gold, prediction = columns["gold"].astype(int), columns["prediction"].astype(int)
    rows = []
    for code in np.unique(gold)[:MOST_CLASSES]:
        inside = gold == code
        n, right = int(inside.sum()), int((prediction[inside] == code).sum())
        share, called = wilson_interval(right, n), int((prediction == code).sum())
        values, counts = np.unique(prediction[inside & (prediction != code)], return_counts=True)
        place = int(counts.argmax()) if len(counts) else None
        rows.append(
            ClassRow(
                int(code),
                n,
                right,
                share.low,
                share.high,
                right / called if called else None,
                int(values[place]) if place is not None else None,
                int(counts[place]) if place is not None else 0,
            )
        )
    return tuple(rows)


def _slices(evaluation: Evaluation, columns: Any, task: Any) -> tuple[SliceRow, ...]:
    import numpy as np

    from workers.statistics.scores import metrics_of

    answers = [name for name, _ in task.answers if name in columns]
    rows: list[SliceRow] = []
    for name in _slice_names(evaluation, columns, answers):
        values = columns[name].astype(str)
        for text in np.unique(values)[: MOST_SLICES - len(rows)]:
            inside = values == text
            part = {column: columns[column][inside] for column in answers}
            found = metrics_of(task, part, names=[evaluation.metric])[evaluation.metric]
            rows.append(SliceRow(name, str(text), int(inside.sum()), found["value"], found["low"], found["high"]))
    return tuple(rows)


def _slice_names(evaluation: Evaluation, columns: Any, answers: Sequence[str]) -> list[str]:
    asked = (evaluation.definition or {}).get("slices") or []
    return [name for name in asked if isinstance(name, str) and name in columns and name not in answers]

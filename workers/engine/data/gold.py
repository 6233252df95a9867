"""GOLD: the right answers. Classes as indices into one list of names, however the data writes them; numbers as float64; texts as they are."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from workers.contracts.tasks import Task
from workers.engine.data.refusals import refused, refused_all
from workers.engine.data.splits import Split
from workers.planning.labels import are_named, label_places, shown

_STEP = 4096
MAX_CLASSES = 100_000
_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


@dataclass(frozen=True)
class Gold:
    """`held` is int64 or float64 `[n]`; None where the answers are text, which stays in its column. `present` are the classes that occur."""

    role: str
    column: str
    split: Split
    held: NDArray[Any] | None
    labels: tuple[str, ...] = ()
    present: tuple[int, ...] = ()

    def take(self, rows: NDArray[np.int64]) -> Any:
        return self.split.take(rows, [self.column])[self.column] if self.held is None else self.held[rows]


def gold_of(
    split: Split, task: Task, role: str, columns: Sequence[str], length: int, labels: tuple[str, ...], name: str
) -> Gold:
    """The answers of the first `length` rows. Numbers and classes are read here: eight bytes for each example are kept."""
    column = columns[0]
    kind = next(entry.kind for entry in task.columns if entry.role == role)
    if kind == "text":
        return Gold(role, column, split, None)
    if kind == "number":
        return Gold(role, column, split, _numbers(split, column, length, name))
    if task.name == "multiple-choice":
        return Gold(role, column, split, _choices(split, column, length, name))
    return _classes(split, role, column, length, labels, name)


def _numbers(split: Split, column: str, length: int, name: str) -> NDArray[np.float64]:
    values = _column(split, column, length, name)
    numbers = np.asarray(values, dtype=np.float64)
    broken = int((~np.isfinite(numbers)).sum())
    if broken:
        raise refused("data_not_finite", f"{broken} of {length} values of {column} in {name} are NaN or infinite.")
    return numbers


def _classes(split: Split, role: str, column: str, length: int, labels: tuple[str, ...], name: str) -> Gold:
    values = _column(split, column, length, name)
    theirs = split.names.get(column, ())
    if len(set(theirs)) < len(theirs):
        twice = sorted({label for label in theirs if theirs.count(label) > 1})
        raise refused(
            "label_mismatch",
            f"The data calls several classes of {column} the same: {shown(twice)}. Each needs a name of its own.",
        )
    if isinstance(values, list) and values and isinstance(values[0], str):
        theirs = theirs or tuple(sorted(set(values), key=_natural))
        places = {label: index for index, label in enumerate(theirs)}
        unknown = sorted(set(values) - set(theirs))
        if unknown:
            raise refused(
                "label_mismatch",
                f"{column} in {name} holds {shown(unknown)}, which the data does not list among its classes.",
            )
        held = np.array([places[value] for value in values], dtype=np.int64)
    else:
        held = np.asarray(values, dtype=np.int64)
        if len(held) and int(held.min()) < 0:
            raise refused(
                "label_range",
                f"{column} in {name} holds {int(held.min())}. Classes are numbered from 0; leave out examples without one.",
            )
        top = int(held.max(initial=0))
        if top >= MAX_CLASSES:
            raise refused(
                "label_range", f"{column} in {name} holds {top}, at most {MAX_CLASSES} classes are read. Is it a class?"
            )
        if theirs and top >= len(theirs):
            raise refused("label_range", f"{column} in {name} holds {top}, and the data names {len(theirs)} classes.")
        theirs = theirs or tuple(str(index) for index in range(max(top + 1, 0)))
    present = sorted(set(held.tolist()))
    if not labels or tuple(labels) == theirs:
        return Gold(role, column, split, held, theirs, tuple(present))
    mapped = _places(theirs, present, labels, name)
    table = np.zeros(len(theirs), dtype=np.int64)
    table[present] = mapped
    return Gold(role, column, split, table[held], tuple(labels), tuple(sorted(mapped)))


def _places(theirs: tuple[str, ...], present: list[int], labels: tuple[str, ...], name: str) -> tuple[int, ...]:
    """Where in `labels` each class that occurs has its place; those that do not occur need none."""
    ours = [theirs[index] for index in present]
    if (are_named(theirs) and are_named(labels)) or set(ours) <= set(labels):
        places, findings = label_places(ours, labels, our_name=name, their_name="the classes asked for")
    else:
        ours = [str(index) for index in range(present[-1] + 1)]
        by_number, findings = label_places(ours, labels, our_name=name, their_name="the classes asked for")
        places = tuple(by_number[index] for index in present) if by_number else ()
    if findings:
        raise refused_all(findings)
    return places


def _choices(split: Split, column: str, length: int, name: str) -> NDArray[np.int64]:
    """Which choice is right: its number from 0, also written as text, or its letter."""
    values = _column(split, column, length, name)
    if isinstance(values, list) and values and isinstance(values[0], str):
        texts = [value.strip().upper() for value in values]
        if all(len(text) == 1 and text in _LETTERS for text in texts):
            return np.array([_LETTERS.index(text) for text in texts], dtype=np.int64)
        wrong = next((value for value in values if not value.strip().isdecimal()), None)
        if wrong is not None:
            raise refused(
                "label_range",
                f"{column} in {name} holds {wrong[:40]}. Say the right choice by its number or its letter.",
            )
        values = np.array([int(text) for text in texts], dtype=np.int64)
    held = np.asarray(values, dtype=np.int64)
    if len(held) and int(held.min()) < 0:
        raise refused("label_range", f"{column} in {name} holds {int(held.min())}. Choices are numbered from 0.")
    return held


def _column(split: Split, column: str, length: int, name: str) -> list[Any] | NDArray[Any]:
    """All values of a column, none missing: an array where they are numbers."""
    parts = [
        split.take(np.arange(start, min(start + _STEP, length)), [column])[column] for start in range(0, length, _STEP)
    ]
    if all(isinstance(part, np.ndarray) for part in parts):
        return np.concatenate(parts)
    values = [value for part in parts for value in (part.tolist() if isinstance(part, np.ndarray) else part)]
    missing = sum(value is None for value in values)
    if missing:
        raise refused(
            "data_null", f"{missing} of {length} examples of {name} have no {column}. Leave them out, or fill them in."
        )
    return values


def _natural(label: str) -> tuple[int, int, str]:
    """Numbers by value, before names by alphabet."""
    return (0, int(label), "") if label.isdecimal() and len(label) < 10 else (1, 0, label)

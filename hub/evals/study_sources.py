"""SOURCES: do several datasets hold the same examples in other forms? Four pictures of one digit are no four independent ones.

What is the same example is said by the cluster column that the definitions name; where none does, by the examples' numbers and
answers. Rows of tables are sources, so that all forms of one are drawn together.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hub.evals.answers import LEAST_OVERLAP
from hub.evals.records import Pooling


@dataclass(frozen=True)
class Keys:
    """Of the examples of one dataset, `[n]`: `key` names the source, `gold` is the right answer, None where there is none.

    `column` is the cluster column that the key comes from, "" where it is the example's number.
    """

    key: NDArray[Any]
    column: str
    gold: NDArray[Any] | None


def alike(datasets: Sequence[Keys]) -> list[Keys]:
    """Numbers where no dataset names its clusters, else text: only keys of one kind can be sorted together."""
    if not any(row.column for row in datasets):
        return list(datasets)
    return [replace(row, key=np.array([str(key) for key in row.key.tolist()], dtype=object)) for row in datasets]


def pooling_of(datasets: Sequence[Keys]) -> Pooling:
    """One: a single dataset. Same: forms of the same examples. Unknown: nothing says whether they are the same."""
    if len(datasets) == 1:
        return "one"
    sets = [np.unique(row.key) for row in datasets]
    shared = sets[0]
    for other in sets[1:]:
        shared = np.intersect1d(shared, other, assume_unique=True)
    columns = {row.column for row in datasets}
    if len(columns) > 1 or len(shared) < LEAST_OVERLAP * max(map(len, sets)):
        return "unknown"
    return "same" if "" not in columns or _same_answers(datasets, shared) else "unknown"


def _same_answers(datasets: Sequence[Keys], shared: NDArray[Any]) -> bool:
    """Equal numbers with equal answers, where that cannot be so by chance: answers that are all equal, or sorted, show nothing."""
    found = []
    for row in datasets:
        if row.gold is None or len(np.unique(row.key)) < len(row.key):
            return False
        order = np.argsort(row.key)
        found.append(row.gold[order[np.searchsorted(row.key[order], shared)]])
    first = found[0]
    is_sorted = bool((first[1:] >= first[:-1]).all() or (first[1:] <= first[:-1]).all())
    return not is_sorted and all(bool((other == first).all()) for other in found[1:])

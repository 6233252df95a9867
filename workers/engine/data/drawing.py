"""Which rows of a small collection are in which split: the same on every machine, for numpy never changes `RandomState`'s stream."""

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

SHARES = {"train": 0.6, "validation": 0.2, "test": 0.2}


def split_rows(split: str, groups: Iterable[NDArray[np.int64]]) -> NDArray[np.int64]:
    """Rows of `split` in ascending order, cut group by group, so that each split holds every group (a class) in proportion.

    The i-th group is shuffled with seed i, and cut at the rounded shares.
    """
    names = list(SHARES)
    start = sum(SHARES[name] for name in names[: names.index(split)])
    chosen = []
    for seed, group in enumerate(groups):
        rows = np.random.RandomState(seed).permutation(group)
        chosen.append(rows[round(start * len(rows)) : round((start + SHARES[split]) * len(rows))])
    return np.sort(np.concatenate(chosen)).astype(np.int64)


def class_rows(labels: NDArray[np.int64]) -> list[NDArray[np.int64]]:
    return [np.flatnonzero(labels == label) for label in range(int(labels.max()) + 1)]

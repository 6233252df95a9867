"""Folds of examples, the same for every model that is ranked on them."""

import numpy as np
from numpy.typing import NDArray

from workers.engine.transfer.checks import Labels

FOLDS = 5


def folds_of(targets: NDArray[np.generic], *, seed: int, folds: int = FOLDS) -> Labels:
    """Which fold each example is held out in, [n] int64.

    Classes are dealt out one after another, each in an order drawn with `seed`, so that every fold has of each class as many
    as the others, give or take one. Numbers are dealt out in one drawn order.

    Determinism: a Philox stream keyed with `seed`, one draw per class in the order of the labels.
    """
    draw = np.random.Generator(np.random.Philox(seed))
    fold = np.empty(len(targets), dtype=np.int64)
    dealt = 0
    is_number = np.issubdtype(targets.dtype, np.floating)
    groups = (
        [np.arange(len(targets))] if is_number else [np.flatnonzero(targets == value) for value in np.unique(targets)]
    )
    for rows in groups:
        fold[draw.permutation(rows)] = (dealt + np.arange(len(rows))) % folds
        dealt += len(rows)
    return fold

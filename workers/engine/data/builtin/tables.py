"""scikit-learn's tables, a column for each measurement. Values as they were measured, not scaled: scaling is the model's business."""

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from workers.engine.data.columns import ArrayColumn, Column
from workers.engine.data.drawing import class_rows, split_rows


def breast_cancer(split: str) -> dict[str, Column]:
    from sklearn.datasets import load_breast_cancer

    return _classes(load_breast_cancer, split)


def wine(split: str) -> dict[str, Column]:
    from sklearn.datasets import load_wine

    return _classes(load_wine, split)


def iris(split: str) -> dict[str, Column]:
    from sklearn.datasets import load_iris

    return _classes(load_iris, split)


def diabetes(split: str) -> dict[str, Column]:
    """The target is a number, so the rows are cut as one group."""
    held = _diabetes()
    rows = split_rows(split, [np.arange(len(held.target))])
    return _features(held, rows) | {"target": ArrayColumn(_doubles(held.target[rows]))}


@cache
def _diabetes() -> Any:
    from sklearn.datasets import load_diabetes

    return load_diabetes(scaled=False)


@cache
def _loaded(load: Callable[[], Any]) -> Any:
    return load()


def _classes(load: Callable[[], Any], split: str) -> dict[str, Column]:
    held = _loaded(load)
    labels = held.target.astype(np.int64)
    rows = split_rows(split, class_rows(labels))
    names = tuple(str(name) for name in held.target_names)
    return _features(held, rows) | {"label": ArrayColumn(labels[rows], names=names)}


def _features(held: Any, rows: NDArray[np.int64]) -> dict[str, Column]:
    return {str(name): ArrayColumn(_doubles(held.data[rows, place])) for place, name in enumerate(held.feature_names)}


def _doubles(values: NDArray[Any]) -> NDArray[np.float64]:
    return np.ascontiguousarray(values, dtype=np.float64)

"""Sentence similarity: the cosine of the vectors of two texts against what people said of them."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from workers.engine.evaluate.batches import Measured, batches, check_finite
from workers.engine.predict.predictor import Doubles, Predictor


def answer(
    predictor: Predictor,
    examples: Measured,
    *,
    batch_size: int,
    options: Mapping[str, Any],
    between: Callable[[int], None] = lambda done: None,
) -> dict[str, NDArray[Any]]:
    """gold as in the data, prediction = a·b / (|a| |b|) in [-1, 1], 0 where a vector is zero; float64 `[n]`.

    Raises:
        UserError: a vector holds NaN or infinity.
    """
    predictions = []
    for rows in batches(examples, batch_size):
        taken = examples.take(rows)
        first, second = (unit(predictor.embed(taken[role])) for role in ("text", "text_pair"))
        found = (first * second).sum(axis=1)
        check_finite(found, rows, predictor.name)
        predictions.append(np.clip(found, -1.0, 1.0))
        between(int(rows[-1]) + 1)
    gold = np.asarray(examples.gold(np.arange(len(examples))), dtype=np.float64)
    return {"gold": gold, "prediction": np.concatenate(predictions)}


def unit(vectors: NDArray[np.float32]) -> Doubles:
    """Rows of length one, float64; a row of zeros stays."""
    wide = vectors.astype(np.float64)
    lengths = np.linalg.norm(wide, axis=1, keepdims=True)
    return wide / np.where(lengths == 0, 1.0, lengths)

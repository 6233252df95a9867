"""Regression: how far the predicted number is from the right one."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from workers.engine.evaluate.batches import Measured, batches, check_finite
from workers.engine.predict.predictor import Predictor


def answer(
    predictor: Predictor,
    examples: Measured,
    *,
    batch_size: int,
    options: Mapping[str, Any],
    between: Callable[[int], None] = lambda done: None,
) -> dict[str, NDArray[Any]]:
    """gold, prediction, squared_error = (prediction - gold)² and absolute_error = |prediction - gold|, float64 `[n]`.

    In the unit of the target: nothing is scaled.

    Raises:
        UserError: a prediction is NaN or infinite.
    """
    predictions = []
    for rows in batches(examples, batch_size):
        found = predictor.regress(examples.take(rows))
        check_finite(found, rows, predictor.name)
        predictions.append(found)
        between(int(rows[-1]) + 1)
    prediction = np.concatenate(predictions)
    gold = np.asarray(examples.gold(np.arange(len(examples))), dtype=np.float64)
    apart = prediction - gold
    return {"gold": gold, "prediction": prediction, "squared_error": apart * apart, "absolute_error": np.abs(apart)}

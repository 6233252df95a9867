"""Every estimator over what one model made of the sample, and the places that come of many models' scores."""

import importlib
import inspect
from collections.abc import Callable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from workers.contracts.estimators import Estimator
from workers.engine.transfer.sample import Views


def scores_of(
    views: Views, targets: NDArray[np.generic], estimators: Sequence[Estimator], *, name: str, seed: int
) -> dict[str, float]:
    """By name of estimator, over `targets` [n], classes or numbers; those whose input the model does not give are left out.

    Raises:
        UserError: a feature or a probability is not finite.
    """
    inputs = {"features": views.features, "probabilities": views.probabilities}
    scores: dict[str, float] = {}
    for estimator in estimators:
        values = inputs[estimator.needs]
        if values is None:
            continue
        module, _, function = estimator.function.partition(":")
        call: Callable[..., float] = getattr(importlib.import_module(module), function)
        options = {"seed": seed} if "seed" in inspect.signature(call).parameters else {}
        scores[estimator.name] = call(values, targets, name=name, **options)
    return scores


def places_of(scores: Mapping[int, Mapping[str, float]], estimator: str) -> dict[int, int]:
    """1 for the highest score; equal scores share the better place. Models without that score have none."""
    held = {key: row[estimator] for key, row in scores.items() if estimator in row}
    return {key: 1 + sum(other > value for other in held.values()) for key, value in held.items()}

"""Scores that are means over classes, for many weightings of the same answers at once."""

import numpy as np

from workers.statistics.intervals import Floats, Whole


def _by_class(codes: Whole, weights: Floats, classes: int) -> Floats:
    """Sum of the weights of each class, `[draws, classes]`."""
    draws = len(weights)
    places = (np.arange(draws)[:, None] * classes + codes).ravel()
    sums = np.bincount(places, weights=weights.ravel(), minlength=draws * classes)
    return sums.reshape(draws, classes).astype(np.float64)


def _counts(gold: Whole, prediction: Whole, weights: Floats) -> tuple[Floats, Floats, Floats]:
    """Hits, gold and predicted counts, each `[draws, classes]`."""
    known, codes = np.unique(np.concatenate([gold, prediction]), return_inverse=True)
    right, guess = codes[: len(gold)], codes[len(gold) :]
    hits = _by_class(right, weights * (gold == prediction), len(known))
    return hits, _by_class(right, weights, len(known)), _by_class(guess, weights, len(known))


def f1_macro_under(gold: Whole, prediction: Whole, weights: Floats) -> Floats:
    """Mean over classes of `2·hits / (gold + predicted)`, over the classes that occur as gold or as prediction.

    Args:
        gold, prediction: class numbers `[n]`. weights: `[draws, n]`.

    Returns:
        `[draws]` float64 in [0, 1].
    """
    hits, gold_count, guessed = _counts(gold, prediction, weights)
    size = gold_count + guessed
    occurs = size > 0
    f1 = np.divide(2 * hits, size, out=np.zeros_like(hits), where=occurs)
    found: Floats = f1.sum(axis=1) / occurs.sum(axis=1)
    return found


def balanced_accuracy_under(gold: Whole, prediction: Whole, weights: Floats) -> Floats:
    """Mean over the classes that occur as gold of the share of each that is found. Args and Returns as in `f1_macro_under`."""
    hits, gold_count, _ = _counts(gold, prediction, weights)
    occurs = gold_count > 0
    recall = np.divide(hits, gold_count, out=np.zeros_like(hits), where=occurs)
    found: Floats = recall.sum(axis=1) / occurs.sum(axis=1)
    return found

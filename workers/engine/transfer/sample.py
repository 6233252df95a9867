"""A labelled sample, and what one model makes of it: features and probabilities, a batch at a time."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from workers.contracts.estimators import Estimator
from workers.engine.data.examples import Examples
from workers.engine.predict.predictor import Predictor, refused


@dataclass(frozen=True)
class Sample:
    """`rows` of `examples`, in rising order; `targets` int64 classes or float64 numbers, one for each."""

    examples: Examples
    rows: NDArray[np.int64]
    targets: NDArray[np.generic]


@dataclass(frozen=True)
class Views:
    """What a model makes of a sample: `features` [n, d] and `probabilities` [n, classes], None where it has none."""

    features: NDArray[np.float32] | None
    probabilities: NDArray[np.float64] | None


def sample_draw(examples: Examples, *, limit: int, seed: int, least: int) -> Sample:
    """At most `limit` examples, drawn with a Philox stream of `seed`; all of them where there are no more.

    Raises:
        UserError: fewer than `least` examples, or all of one class, or all of one number.
    """
    n = len(examples)
    if n < least:
        raise refused(
            "too_few_examples", f"{examples.name} has {n} examples. A ranking needs at least {least}.", "data[0]"
        )
    rows = np.arange(n)
    if n > limit:
        rows = np.sort(np.random.Generator(np.random.Philox(seed)).permutation(n)[:limit])
    targets = np.asarray(examples.gold(rows))
    if len(np.unique(targets)) < 2:
        message = f"All {len(rows)} examples of {examples.name} have the same answer. No model can be better at that than another."
        raise refused("one_class", message, "data[0]")
    return Sample(examples, rows.astype(np.int64), targets)


def views_of(
    predictor: Predictor, sample: Sample, estimators: tuple[Estimator, ...], *, batch_size: int,
    between: Callable[[int], None] = lambda done: None,
) -> Views:  # fmt: skip
    """Runs the sample through `predictor`, for what `estimators` read and the model can give.

    Probabilities are the softmax of `classify` in float64. `between` is called with the examples done, and may raise to stop.

    Raises:
        UserError: the model cannot take these examples, or can do nothing that an estimator reads.

    Determinism: equal bits for equal batch size and one thread.
    """
    needs = {estimator.needs for estimator in estimators}
    with_features = "features" in needs and "features" in predictor.can
    with_classes = "probabilities" in needs and "classify" in predictor.can
    if not (with_features or with_classes):
        raise refused("nothing_to_rank", f"{predictor.name} gives neither features nor class probabilities.")
    features, scores = [], []
    for start in range(0, len(sample.rows), batch_size):
        rows = sample.rows[start : start + batch_size]
        batch = sample.examples.take(rows)
        if with_features:
            features.append(predictor.features(batch))
        if with_classes:
            scores.append(predictor.classify(batch))
        between(start + len(rows))
    probabilities = softmax(np.concatenate(scores)) if scores else None
    return Views(np.concatenate(features) if features else None, probabilities)


def softmax(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    """Rows [n, classes] of float64 that sum to 1."""
    shares = np.exp(scores - scores.max(axis=1, keepdims=True))
    return np.asarray(shares / shares.sum(axis=1, keepdims=True))

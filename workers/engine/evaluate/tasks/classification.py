"""Classification of pictures, texts and rows: which class an entry chooses, and how probable it holds the right one."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from workers.contracts.errors import UserError
from workers.engine.evaluate.batches import Measured, batches, check_finite
from workers.engine.evaluate.fitting import fitted
from workers.engine.predict.predictor import Doubles, Predictor, refused
from workers.planning.labels import label_places


def answer(
    predictor: Predictor,
    examples: Measured,
    *,
    batch_size: int,
    options: Mapping[str, Any],
    between: Callable[[int], None] = lambda done: None,
) -> dict[str, NDArray[Any]]:
    """Asks `predictor` about all `examples`, in the order of the data.

    prediction = argmax of the scores (lowest class first among equals), logprob = log softmax of the scores at the gold
    class, confidence = softmax of the scores at the prediction; float64: float32 loses the tail of a confident model.
    Classes are those of the data; the entry's are mapped to them by name. What else it tells apart stands behind them
    and is always wrong. `options["fit"]` brings pictures into the entry's form; see `workers.engine.evaluate.fitting`.

    Args:
        between: called after each batch with the number of examples done; may raise to stop.

    Returns:
        gold and prediction int32, correct bool, logprob and confidence float64, each `[n]`.

    Raises:
        UserError: a score is NaN or infinite, or the entry does not know all classes of the data.

    Determinism: equal bits for equal batch size and one thread.
    """
    found: dict[str, list[NDArray[Any]]] = {
        name: [] for name in ("gold", "prediction", "correct", "logprob", "confidence")
    }
    order: NDArray[np.int64] | None = None
    for rows in batches(examples, batch_size):
        scores = predictor.classify(fitted(examples.take(rows), predictor, options))
        check_finite(scores, rows, predictor.name)
        if order is None:
            order = class_order(predictor, examples, scores.shape[1])
        gold = np.asarray(examples.gold(rows), dtype=np.int64)
        _check_gold(gold, scores.shape[1], predictor.name)
        for name, values in _answers(scores[:, order], gold).items():
            found[name].append(values)
        between(int(rows[-1]) + 1)
    return {name: np.concatenate(parts) for name, parts in found.items()}


def class_order(predictor: Predictor, examples: Measured, classes: int) -> NDArray[np.int64]:
    """For each class of the data its place among the entry's `classes`, then the places that are left, in their order.

    Raises:
        UserError: the names differ; the finding shows how.
    """
    theirs = predictor.labels or tuple(str(index) for index in range(classes))
    if len(theirs) != classes:
        raise refused(
            "label_mismatch", f"{predictor.name} names {len(theirs)} classes and answers with {classes} scores."
        )
    places, findings = label_places(
        examples.labels, theirs, our_name=examples.name, their_name=predictor.name, where="models"
    )
    if findings:
        stopped = tuple(finding.model_copy(update={"stage": "run"}) for finding in findings)
        raise UserError(findings[0].message, stopped)
    left = sorted(set(range(classes)) - set(places))
    return np.array([*places, *left], dtype=np.int64)


def _answers(scores: Doubles, gold: NDArray[np.int64]) -> dict[str, NDArray[Any]]:
    logprobs = torch.log_softmax(torch.from_numpy(np.ascontiguousarray(scores)), dim=-1).numpy()
    prediction = scores.argmax(axis=1)
    rows = np.arange(len(gold))
    return {
        "gold": gold.astype(np.int32),
        "prediction": prediction.astype(np.int32),
        "correct": prediction == gold,
        "logprob": logprobs[rows, gold],
        "confidence": np.exp(logprobs[rows, prediction]),
    }


def _check_gold(gold: NDArray[np.int64], classes: int, name: str) -> None:
    if int(gold.min()) < 0 or int(gold.max()) >= classes:
        raise refused(
            "labels_outside",
            f"{name} knows {classes} classes; the data holds labels from {int(gold.min())} to {int(gold.max())}.",
        )

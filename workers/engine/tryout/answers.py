"""One input of a task through a predictor: what comes back, as names and numbers for a page."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from workers.contracts.tasks import Task
from workers.engine.predict.predictor import Predictor, refused
from workers.planning.try_inputs import picture_bytes

SHOWN = 10
NEW_TOKENS = 64
Answer = dict[str, Any]
Given = Mapping[str, Any]


def answer_of(predictor: Predictor, task: Task, given: Given) -> Answer:
    """What `predictor` answers to `given`, the input roles of `task`.

    Returns: `{"form": …, "remarks": […]}` and by form
        classes: `classes` [{name, confidence}], the likeliest ten; confidence is the softmax over all classes;
        number: `number`; similarity: `similarity`, the cosine of the two texts' vectors, −1 to 1;
        text: `text`, the likeliest continuation, at most 64 tokens, token by token.

    Raises:
        UserError: the model cannot do this, the input does not fit it, or it answers with NaN.
    """
    remarks: list[str] = []
    answer = _ANSWERS[task.name](predictor, dict(given), remarks)
    return {**answer, "remarks": [*remarks, *predictor.remarks]}


def _classes(predictor: Predictor, given: dict[str, Any], remarks: list[str]) -> Answer:
    batch = {role: _row(predictor, role, value, remarks) for role, value in given.items()}
    scores = _finite(predictor, predictor.classify(batch)[0])
    return {"form": "classes", "classes": _likeliest(scores, predictor.labels)}


def _number(predictor: Predictor, given: dict[str, Any], remarks: list[str]) -> Answer:
    batch = {role: _row(predictor, role, value, remarks) for role, value in given.items()}
    return {"form": "number", "number": float(_finite(predictor, predictor.regress(batch))[0])}


def _continuation(predictor: Predictor, given: dict[str, Any], remarks: list[str]) -> Answer:
    prompt = str(given.get("text", given.get("question")))
    return {"form": "text", "text": predictor.generate([prompt], NEW_TOKENS)[0]}


def _similarity(predictor: Predictor, given: dict[str, Any], remarks: list[str]) -> Answer:
    first, second = (_finite(predictor, vector.astype(np.float64)) for vector in predictor.embed(list(given.values())))
    lengths = float(np.linalg.norm(first) * np.linalg.norm(second))
    return {"form": "similarity", "similarity": float(first @ second) / lengths if lengths > 0 else 0.0}


def _choice(predictor: Predictor, given: dict[str, Any], remarks: list[str]) -> Answer:
    """ln p of each choice after the question, a space between: the difference of two whole texts."""
    question, choices = given["question"], [str(choice) for choice in given["choices"]]
    whole = predictor.token_logprobs([question, *(f"{question} {choice}" for choice in choices)])
    sums = np.array([float(values.sum()) for values, _ in whole])
    return {"form": "classes", "classes": _likeliest(_finite(predictor, sums[1:] - sums[0]), choices)}


def _gap(predictor: Predictor, given: dict[str, Any], remarks: list[str]) -> Answer:
    from workers.engine.tryout.gaps import gap_scores

    scores, tokens = gap_scores(predictor, given["text"])
    remarks.append("Written into the first gap, with what the model holds likely there.")
    return {"form": "classes", "classes": _likeliest(_finite(predictor, scores), tokens)}


_ANSWERS: dict[str, Callable[[Predictor, dict[str, Any], list[str]], Answer]] = {
    "image-classification": _classes,
    "text-classification": _classes,
    "tabular-classification": _classes,
    "tabular-regression": _number,
    "text-regression": _number,
    "causal-lm": _continuation,
    "generation": _continuation,
    "masked-lm": _gap,
    "sentence-similarity": _similarity,
    "retrieval": _similarity,
    "multiple-choice": _choice,
}


def _row(predictor: Predictor, role: str, value: Any, remarks: list[str]) -> Any:
    """A batch of one, in the form that `Examples.take` gives."""
    if role == "features":
        return np.asarray([value], dtype=np.float64)
    if role != "image":
        return [value]
    from workers.engine.tryout.pictures import picture_decode

    pixels, note = picture_decode(
        picture_bytes(value) or b"", getattr(getattr(predictor, "pixels", None), "wanted", (None, None, None))
    )
    if note:
        remarks.append(note)
    return pixels[None]


def _likeliest(scores: NDArray[np.float64], names: tuple[str, ...] | list[str]) -> list[dict[str, Any]]:
    """Softmax in float64; among equals the lowest index comes first."""
    shares = np.exp(scores - scores.max())
    shares /= shares.sum()
    order = np.argsort(-shares, kind="stable")[:SHOWN]
    return [{"name": names[at] if at < len(names) else str(at), "confidence": float(shares[at])} for at in order]


def _finite(predictor: Predictor, values: NDArray[np.float64]) -> NDArray[np.float64]:
    if not np.isfinite(values).all():
        raise refused(
            "nan_predictions",
            f"{predictor.name} answers with NaN or infinity. Its weights are broken or overflow.",
            "model",
        )
    return values

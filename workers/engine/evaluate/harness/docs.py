"""Examples as the documents that lm-eval's tasks read."""

from collections.abc import Iterable
from typing import Any

import numpy as np

from workers.engine.evaluate.batches import Measured
from workers.engine.predict.predictor import refused

Doc = dict[str, Any]
_POOL_STEP = 64


class Docs(list[Doc]):
    """A list of documents with the one attribute that lm-eval asks of a dataset's type."""

    @property
    def features(self) -> Doc:
        return self[0] if self else {}


def docs_of(examples: Measured, rows: Iterable[int]) -> Docs:
    """The inputs of `rows` with their gold answers: question and choices with the index `label`, or question and `answer`.

    Raises:
        UserError: an example has fewer than two choices, an empty one, or a label that names none of them.
    """
    places = np.fromiter(rows, dtype=np.int64)
    batch, gold = examples.take(places), examples.gold(places)
    if "choices" not in batch:
        return Docs(
            {"question": question, "answer": answer} for question, answer in zip(batch["question"], gold, strict=True)
        )
    docs = Docs()
    for row, question, choices, label in zip(places, batch["question"], batch["choices"], gold, strict=True):
        found = [str(choice) for choice in choices]
        if len(found) < 2 or not all(choice.strip() for choice in found) or not 0 <= int(label) < len(found):
            message = (
                f"Example {int(row)} of {examples.name} has {len(found)} choices, of which number {int(label) + 1} is to be right. "
                "Each example needs two or more choices, none empty, and a label among them."
            )
            raise refused("choices_invalid", message, "data")
        docs.append({"question": question, "choices": found, "label": int(label)})
    return docs


def shots_of(examples: Measured, count: int) -> Docs:
    """The first `count` + 1 different examples of the whole split: each example is shown the first `count` of them that it is not.

    The same in every part of the split, so that a run that was cut asks what an undisturbed one asks.

    Raises:
        UserError: there are not so many.
    """
    if count == 0:
        return Docs()
    whole = examples
    while hasattr(whole, "whole"):
        whole = whole.whole
    shots = Docs()
    for start in range(0, len(whole), _POOL_STEP):
        for doc in docs_of(whole, range(start, min(start + _POOL_STEP, len(whole)))):
            if doc not in shots:
                shots.append(doc)
            if len(shots) > count:
                return shots
    message = f"{whole.name} has {len(shots)} different examples; {count} are to be shown before each question."
    raise refused("too_few_examples", message, "data.options.fewshot")

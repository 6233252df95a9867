"""IDENTITY of examples: what comparisons join on, and how duplicates and leakage are found."""

import hashlib
import json
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from workers.engine.data.examples import Examples


def identities(examples: "Examples", rows: NDArray[np.int64], *, with_gold: bool) -> list[str]:
    """sha256 of each of `rows`. See `Examples.shas` for what goes in."""
    inputs = examples.take(rows)
    gold = examples.gold(rows) if with_gold else None
    if "image" in inputs:
        return [_picture(inputs["image"][place], None if gold is None else gold[place]) for place in range(len(rows))]
    documents: list[dict[str, Any]] = [{} for _ in rows]
    for role, values in inputs.items():
        for document, value in zip(documents, values, strict=True):
            document[role] = value.tolist() if isinstance(value, np.ndarray) else value
    if gold is not None:
        for document, value in zip(documents, gold, strict=True):
            plain = value.item() if isinstance(value, np.generic) else value
            document["="] = examples.labels[plain] if examples.labels else plain
    return [_document(document) for document in documents]


def _picture(pixels: NDArray[np.float32], label: Any) -> str:
    digest = hashlib.sha256(np.ascontiguousarray(pixels, dtype="<f4").tobytes())
    if label is not None:
        digest.update(np.asarray(label, dtype="<i8").tobytes())
    return digest.hexdigest()


def _document(document: dict[str, Any]) -> str:
    """Keys in order, no spaces, characters as they are; a float in Python's shortest form that reads back as the same number."""
    text = json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()

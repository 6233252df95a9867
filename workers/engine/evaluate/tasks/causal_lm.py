"""Language modelling from left to right: what each text costs, in nats and in bits, over tokens and over bytes."""

from collections.abc import Callable, Mapping
from math import log
from typing import Any

import numpy as np
from numpy.typing import NDArray

from workers.engine.evaluate.batches import Measured, batches
from workers.engine.evaluate.options import whole_option
from workers.engine.predict.predictor import Predictor


def answer(
    predictor: Predictor,
    examples: Measured,
    *,
    batch_size: int,
    options: Mapping[str, Any],
    between: Callable[[int], None] = lambda done: None,
) -> dict[str, NDArray[Any]]:
    """For each text: logprob = Σ ln p of all its tokens, bits = -logprob / ln 2, tokens, bytes in UTF-8.

    Bits per byte do not depend on the tokenizer, perplexity per token does: compare it between models of one tokenizer only.
    `options["max_length"]` bounds what the model sees at once; see `Predictor.token_logprobs` for the windows.

    Returns:
        logprob and bits float64, tokens and bytes int32, each `[n]`.
    """
    length = whole_option(options, "max_length", least=2)
    found: dict[str, list[float]] = {name: [] for name in ("logprob", "bits", "tokens", "bytes")}
    for rows in batches(examples, batch_size):
        texts = examples.take(rows)["text"]
        for text, (logprobs, tokens) in zip(texts, predictor.token_logprobs(texts, length), strict=True):
            total = float(logprobs.sum())
            found["logprob"].append(total)
            found["bits"].append(-total / log(2))
            found["tokens"].append(tokens)
            found["bytes"].append(len(text.encode("utf-8", "surrogatepass")))
        between(int(rows[-1]) + 1)
    types = {"tokens": np.int32, "bytes": np.int32}
    return {name: np.array(values, dtype=types.get(name, np.float64)) for name, values in found.items()}

"""Masked language modelling: which of the hidden tokens are guessed, and how probable they are held."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from workers.engine.evaluate.batches import Measured, batches
from workers.engine.evaluate.options import share_option, whole_option
from workers.engine.predict.predictor import Predictor

SHARE = 0.15


def answer(
    predictor: Predictor,
    examples: Measured,
    *,
    batch_size: int,
    options: Mapping[str, Any],
    between: Callable[[int], None] = lambda done: None,
) -> dict[str, NDArray[Any]]:
    """For each text: logprob = Σ ln p of its hidden tokens given the others, hits = how many were the likeliest, tokens hidden.

    Which tokens are hidden is drawn from sha256 of the text and `options["seed"]`: the same in any order, batch and run.
    `options["share"]` (0, 1] of them are (default 0.15, as in BERT, but always replaced by the mask token); texts longer than
    the model or `options["max_length"]` are cut. Numbers of models with different tokenizers are not about the same gaps.

    Source: Devlin et al. 2019, arXiv:1810.04805, section 3.1.

    Returns:
        logprob float64, hits and tokens int32, each `[n]`.
    """
    length = whole_option(options, "max_length", least=3)
    share = share_option(options, "share", SHARE)
    seed = whole_option(options, "seed", least=0) or 0
    found: dict[str, list[float]] = {"logprob": [], "hits": [], "tokens": []}
    for rows in batches(examples, batch_size):
        draws = [int(sha[:15], 16) ^ seed for sha in examples.input_shas(rows)]
        for logprobs, hits in predictor.mlm(examples.take(rows)["text"], draws, share, length):
            found["logprob"].append(float(logprobs.sum()))
            found["hits"].append(int(hits.sum()))
            found["tokens"].append(len(logprobs))
        between(int(rows[-1]) + 1)
    types = {"hits": np.int32, "tokens": np.int32}
    return {name: np.array(values, dtype=types.get(name, np.float64)) for name, values in found.items()}

"""ANSWERS: every single answer of one model on one split, as parquet. Means can be worked out again from them; the other way there is no path.

`example_sha` is the sha256 of the example's raw image bytes and its gold label, both little-endian: comparisons join on it.
"""

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import torch

from workers.engine.datasets import Examples
from workers.engine.evaluate.intervals import mean_interval, wilson_interval

SCHEMA = pa.schema(
    [
        ("example_id", pa.int64()), ("example_sha", pa.string()), ("gold", pa.int32()), ("prediction", pa.int32()),
        ("correct", pa.bool_()), ("logprob", pa.float64()),
    ]
)  # fmt: skip


@dataclass(frozen=True)
class Answers:
    """`prediction` int64 `[n]`, `logprob` float64 `[n]`: log-probability of the gold class. Rows as in `examples`."""

    examples: Examples
    prediction: torch.Tensor
    logprob: torch.Tensor

    @property
    def correct(self) -> torch.Tensor:
        return self.prediction == self.examples.labels


def example_shas(examples: Examples) -> list[str]:
    images = examples.images.contiguous().numpy().astype("<f4")
    labels = examples.labels.numpy().astype("<i8")
    return [
        hashlib.sha256(image.tobytes() + label.tobytes()).hexdigest()
        for image, label in zip(images, labels, strict=True)
    ]


def metrics_of(answers: Answers) -> dict[str, Any]:
    """Accuracy with its Wilson interval, negative log-likelihood in nats with the normal interval of its mean."""
    n, hits = len(answers.examples), int(answers.correct.sum())
    low, high = wilson_interval(hits, n)
    nll, nll_low, nll_high = mean_interval((-answers.logprob).tolist())
    return {
        "accuracy": {"value": hits / n, "low": low, "high": high, "n": n},
        "nll": {"value": nll, "low": nll_low, "high": nll_high, "n": n},
    }


def write_answers(answers: Answers, path: Path) -> None:
    """Writes parquet whose bytes depend on the answers alone: one row group, no statistics of the moment, no pandas metadata."""
    examples = answers.examples
    table = pa.table(
        [
            pa.array(examples.index.numpy()), pa.array(example_shas(examples)), pa.array(examples.labels.to(torch.int32).numpy()),
            pa.array(answers.prediction.to(torch.int32).numpy()), pa.array(answers.correct.numpy()), pa.array(answers.logprob.numpy()),
        ],
        schema=SCHEMA,
    )  # fmt: skip
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(table, path, compression="zstd", row_group_size=max(1, len(examples)))

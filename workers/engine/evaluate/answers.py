"""ANSWERS: every single answer of one model on one split, as parquet. Means can be worked out again from them; the other way there is no path.

`example_sha` is the sha256 of the example's raw image bytes and its gold label, both little-endian: comparisons join on it.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import torch
from numpy.typing import NDArray

from workers.contracts.benchmarks import CLUSTER_COLUMN, SLICE_COLUMN
from workers.contracts.tasks import Task
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


# Rows of one row group: readers that want a few answers out of millions need not read them all.
_GROUP = 2**20


def answers_table(
    task: Task,
    columns: Mapping[str, NDArray[Any]],
    *,
    index: NDArray[np.int64],
    shas: Sequence[str],
    slices: Mapping[str, Sequence[str]] | None = None,
    cluster: Sequence[str] | None = None,
) -> pa.Table:
    """The answers to some examples, one row each: `example_id`, `example_sha`, the columns of the task, slices, cluster.

    Args:
        columns: by the names of the task's row, `[n]` each.
        index, shas: number and identity of each example.
        slices: column of the data → its values as text; cluster: what belongs together.

    Raises:
        KeyError: a column of the task is not there.
    """
    held = [("example_id", pa.array(index, pa.int64())), ("example_sha", pa.array(shas, pa.string()))]
    held += [
        (name, pa.array(columns[name].tolist() if kind == "string" else columns[name], _TYPES[kind]))
        for name, kind in task.answers
    ]
    held += [(SLICE_COLUMN + name, pa.array(values, pa.string())) for name, values in (slices or {}).items()]
    held += [(CLUSTER_COLUMN, pa.array(cluster, pa.string()))] if cluster is not None else []
    return pa.table([array for _, array in held], names=[name for name, _ in held])


_TYPES: dict[str, pa.DataType] = {
    "int32": pa.int32(), "int64": pa.int64(), "bool": pa.bool_(), "double": pa.float64(), "string": pa.string(),
}  # fmt: skip


def write_table(table: pa.Table, path: Path) -> None:
    """Parquet whose bytes depend on the answers alone, however they were made: no metadata of the moment, one layout."""
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(
        table.combine_chunks().replace_schema_metadata(None), path, compression="zstd", row_group_size=_GROUP
    )


def columns_of(table: pa.Table, task: Task) -> dict[str, NDArray[Any]]:
    """The columns of the task again, as numpy arrays: what `workers.statistics.scores.metrics_of` takes."""
    return {name: table.column(name).to_numpy(zero_copy_only=False) for name, _ in task.answers}

"""ANSWERS: every single answer of one entry on one split, as parquet. Means can be worked out again from them; the other way there is no path.

Comparisons join on `example_sha`, which says what the example is, not where it stood.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from workers.contracts.benchmarks import CLUSTER_COLUMN, SLICE_COLUMN
from workers.contracts.tasks import Task

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

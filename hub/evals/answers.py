"""Every single answer of an evaluation, read back from its parquet, and the examples that several of them share."""

import io
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from hub.blobs.services import blob_bytes
from hub.evals.models import Evaluation
from workers.contracts.benchmarks import CLUSTER_COLUMN, SLICE_COLUMN

LEAST_OVERLAP = 0.95
_KEYS = ("example_id", "example_sha")


@dataclass(frozen=True)
class Answers:
    """`example_id` is the example's number in its collection, `sha` its content, `columns` the answer columns of the task.

    `slices` and `cluster` hold the columns of the data that the definition names, as text.
    """

    example_id: NDArray[np.int64]
    sha: tuple[str, ...]
    columns: dict[str, NDArray[Any]]
    slices: dict[str, NDArray[Any]]
    cluster: NDArray[Any] | None = None


@dataclass(frozen=True)
class Match:
    """Examples that all have: `rows[i]` are their places in the i-th answers. `dropped` is what the largest had more."""

    example_id: NDArray[np.int64]
    rows: tuple[NDArray[np.int64], ...]
    dropped: int


def answers_of(evaluation: Evaluation, columns: Sequence[str] | None = None) -> Answers | None:
    """None where no answers were kept. `columns` reads only these, as far as they are there: millions of answers are large."""
    if evaluation.predictions is None:
        return None
    file = pq.ParquetFile(io.BytesIO(blob_bytes(blob=evaluation.predictions)))
    known = set(file.schema_arrow.names)
    wanted = known.intersection(columns) if columns is not None else known
    table = file.read([*_KEYS, *sorted(wanted - set(_KEYS))])
    arrays = {name: _array(table[name]) for name in table.column_names}
    slices = {name[len(SLICE_COLUMN) :]: arrays.pop(name) for name in [*arrays] if name.startswith(SLICE_COLUMN)}
    cluster = arrays.pop(CLUSTER_COLUMN, None)
    return Answers(arrays.pop("example_id"), tuple(arrays.pop("example_sha")), arrays, slices, cluster)


def _array(column: pa.ChunkedArray) -> NDArray[Any]:
    found: NDArray[Any] = column.to_numpy()
    return found


def match(answers: Sequence[Answers]) -> Match | None:
    """Joins on content, not on place; equal examples are matched one by one, in their order.

    None when fewer than 95 % of the examples match: that is another dataset.
    """
    keys = [_keys(item.sha) for item in answers]
    common = set(keys[0]).intersection(*keys[1:])
    largest = max(len(item.sha) for item in answers)
    if not common or len(common) < LEAST_OVERLAP * largest:
        return None
    order = [key for key in keys[0] if key in common]
    places = [{key: number for number, key in enumerate(item)} for item in keys]
    rows = tuple(np.array([place[key] for key in order], dtype=np.int64) for place in places)
    return Match(answers[0].example_id[rows[0]], rows, largest - len(order))


def _keys(shas: Sequence[str]) -> list[tuple[str, int]]:
    seen: Counter[str] = Counter()
    found = []
    for sha in shas:
        found.append((sha, seen[sha]))
        seen[sha] += 1
    return found

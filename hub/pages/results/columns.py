"""The single answers of a measurement as columns, within what a page may read."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

from hub.blobs.services import blob_bytes
from hub.evals.models import Evaluation

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Columns = dict[str, NDArray[Any]]

MOST_BYTES = 64 * 2**20
_IDENTITY = ("example_id", "example_sha")


def answer_columns(evaluation: Evaluation) -> Columns | None:
    """None where no answers were kept, or more than a page may read."""
    blob = evaluation.predictions
    if blob is None or blob.size_bytes > MOST_BYTES:
        return None
    # Loaded here only: what is shown is kept, so that most pages read no array.
    import numpy as np
    import pyarrow.parquet as pq

    table = pq.read_table(io.BytesIO(blob_bytes(blob=blob)))
    return {name: np.asarray(table[name].to_numpy(zero_copy_only=False)) for name in table.column_names}


def own_columns(columns: Columns, names: list[str]) -> list[str]:
    """Those of `names` that stand beside the answers: the values that tables are cut by."""
    return [name for name in names if name in columns and name not in _IDENTITY]

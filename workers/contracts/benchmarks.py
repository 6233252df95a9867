"""BENCHMARK: everything that decides what a number means, in one immutable document. Equal digests may be compared, others not."""

import hashlib
import json
from typing import Annotated, Any, Literal

from pydantic import Field

from workers.contracts.recipes import Record

# In the parquet of answers, beside the columns of the task: `slice:<column>` for each slice, `cluster` where there is one; all strings.
SLICE_COLUMN, CLUSTER_COLUMN = "slice:", "cluster"
Name = Annotated[str, Field(max_length=200)]


class Definition(Record):
    """`data` is pinned: `ns/name@<40 hex>`, or `builtin:…`. `columns` says which column plays which role of the task.

    `labels` are the class names in index order; models are mapped to them by name. `slices` are columns whose values cut the
    tables, `cluster` one whose equal values belong together (questions about one passage): they are resampled together.
    `options` are the task's own: few-shot count, template, longest input. `limit` takes the first so many examples.
    """

    task: Name
    data: Name
    split: Literal["train", "validation", "test"] = "test"
    columns: dict[Name, Name] = Field(default_factory=dict)
    labels: tuple[Name, ...] = ()
    metrics: tuple[Name, ...] = ()
    slices: tuple[Name, ...] = ()
    cluster: Name = ""
    options: dict[Name, Any] = Field(default_factory=dict)
    limit: int | None = Field(default=None, ge=1, le=10_000_000)
    protocol: int = 1

    @property
    def digest(self) -> str:
        """sha256 over the canonical JSON. `metrics`, `slices` and `cluster` are left out: they choose what is shown of the same answers."""
        shown = {"metrics", "slices", "cluster"}
        document = self.model_dump(mode="json", exclude=shown)
        return hashlib.sha256(json.dumps(document, sort_keys=True, separators=(",", ":")).encode()).hexdigest()

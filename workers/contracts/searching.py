"""SEARCH and DIAGNOSTICS of a merge: which of its numbers are left open and how they are chosen; what else is measured."""

from typing import Any, Literal

from pydantic import Field

from workers.contracts.records import DataReference, Record, Text

MAX_TRIALS = 10_000
Strategy = Literal["grid", "cma_es", "successive_halving"]


class ChoosingData(DataReference):
    """Examples with answers that the choice goes by. They are not those that the result is measured on."""

    split: Literal["train", "validation", "test"] = "validation"
    task: Text | None = None
    columns: dict[Text, Text] = Field(default_factory=dict)
    limit: int | None = Field(default=None, ge=1, le=10_000_000)


class Budget(Record):
    """`trials` counts merges that are measured. `seconds` ends the search after the trial in which they are over."""

    trials: int = Field(default=40, ge=2, le=MAX_TRIALS)
    seconds: float | None = Field(default=None, gt=0, le=7 * 86_400)


class Search(Record):
    """What a merge leaves open, and how it is chosen: by `metric` on `data`, the mean over all of it.

    `open`: by the name of a parameter, or `method`: a list of values, or `{low, high, steps, each}`, of which everything may be
    left out. Without ends the range is that of the method table; `steps` are the points of a grid; `each`: one value for each
    source (as goes without saying for weights), not one for all.

    The first trial is the recipe as it stands. The winner is an ordinary recipe, and is what is stored.
    """

    strategy: Strategy = "grid"
    open: dict[Text, Any] = Field(
        max_length=64, description="what is left open: a range or a list of values for each name"
    )
    data: tuple[ChoosingData, ...] = Field(min_length=1, max_length=64)
    metric: Text | None = Field(default=None, description="default: the one that the task is ranked by")
    budget: Budget = Budget()
    seed: int = Field(default=0, ge=0, le=2**31 - 1, description="of what the search draws")


class BarrierData(DataReference):
    task: Text | None = None
    columns: dict[Text, Text] = Field(default_factory=dict)
    limit: int | None = Field(default=None, ge=1, le=10_000_000)


class Barrier(Record):
    """The loss along the straight line between models: `between` the sources, the base and each source, or the result and each.

    Without data the examples are those that the merge learns from.
    """

    data: tuple[BarrierData, ...] = Field(default=(), max_length=16)
    between: Literal["sources", "base", "result"] = "sources"
    points: int = Field(default=11, ge=3, le=101, description="models on each line, its ends among them")


class Diagnostics(Record):
    barrier: Barrier | None = None

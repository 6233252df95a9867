"""COMPARISON: a child beside its parents on the same examples. What pages and REST show; plain data."""

from dataclasses import dataclass, field
from typing import Literal

from workers.contracts.tasks import metric_get
from workers.statistics.interval import Interval
from workers.statistics.normalised import Summary

# Of the datasets of a comparison: there is one; they hold the same examples in other forms; nothing says whether they do.
Pooling = Literal["one", "same", "unknown"]


@dataclass(frozen=True)
class DomainScore:
    """The comparison's metric on one dataset with its interval, as it was measured. `accuracy` is that value, whatever the metric."""

    data: str
    accuracy: float
    low: float
    high: float
    n: int


@dataclass(frozen=True)
class ModelScores:
    """`role` is `child`, `parent` or `base`; `mean` is over datasets (and over seeds where there are several)."""

    reference: str
    role: str
    commit: str
    mean: Interval
    per_domain: dict[str, DomainScore]
    seed_means: tuple[float, ...] = ()
    weight: float | None = None

    @property
    def interval(self) -> tuple[float, float]:
        return self.mean.low, self.mean.high


@dataclass(frozen=True)
class DataFlips:
    """Child against one parent on one dataset. `p_value` is McNemar's, None where several answers belong to one example.

    `p_adjusted` is Holm's over all parents and datasets.
    """

    data: str
    gained: int
    lost: int
    p_value: float | None
    p_adjusted: float | None = None


@dataclass(frozen=True)
class Flips:
    """Child against one parent, example by example over all datasets of the first seed.

    `test` says where `p_value` comes from: "mcnemar" where every answer is to an example of its own, "signs" where several
    belong to one (its forms, the questions about it), "" without a p: nothing says whether the datasets hold the same examples.
    `p_adjusted` is Holm's over all parents: with several parents one of them may differ by chance.
    """

    parent: str
    both_right: int
    gained: int
    lost: int
    both_wrong: int
    p_value: float | None
    p_adjusted: float | None = None
    test: str = "mcnemar"
    by_data: tuple[DataFlips, ...] = ()


@dataclass(frozen=True)
class GivenUp:
    """On one dataset, child against the parent that is best there, paired. Negative: that much was given up."""

    data: str
    parent: str
    difference: Interval


@dataclass(frozen=True)
class Kept:
    """On one dataset, what the child kept of the parent that is best there, its specialist.

    `normalised` is child / specialist (of a loss the other way round): 1 is as good. `above_chance` is the same above
    `chance`, what always naming the most frequent class would get. Both are None where the specialist is no better than that.
    `recovered` is the share of the specialist's lead over the base that is left, None where it has no lead or there is no
    base. `forgotten` is base minus child, paired, in the direction of better: above 0, that much of the base's skill is gone.
    """

    data: str
    specialist: str
    normalised: Interval | None
    chance: float | None = None
    above_chance: float | None = None
    recovered: float | None = None
    forgotten: Interval | None = None


@dataclass(frozen=True)
class SeedRow:
    """One repetition of the whole study from another seed. `means` by model."""

    name: str
    means: dict[str, float]
    best_parent: str
    gain: float


@dataclass(frozen=True)
class Comparison:
    """`models` holds the child first, then its parents, then the base. `gain` is child against best parent, paired; above 0 is better.

    `examples` are those of the datasets together, of one seed; `sources` are the different ones among them, `pooling` says how that
    is known (see `Pooling`). `dropped` examples had no match in every model; `missing` names parents that were not measured on the same data, and
    `hidden` counts those that the reader may not see. `normalised` sums `kept` up, None where nothing could be measured.
    """

    split: str
    models: tuple[ModelScores, ...]
    best_parent: str
    gain: Interval
    given_up: tuple[GivenUp, ...]
    flips: tuple[Flips, ...]
    seeds: tuple[SeedRow, ...]
    examples: int
    dropped: int = 0
    hidden: int = 0
    missing: tuple[str, ...] = field(default=())
    metric: str = "accuracy"
    kept: tuple[Kept, ...] = ()
    normalised: Summary | None = None
    sources: int = 0
    pooling: Pooling = "one"
    task: str = ""

    @property
    def higher_is_better(self) -> bool:
        return metric_get(self.metric).higher_is_better

    @property
    def unit(self) -> str:
        """share, nats, bits or plain: only shares are shown in percent and points."""
        return metric_get(self.metric).unit

    @property
    def child(self) -> ModelScores:
        return self.models[0]

    @property
    def parents(self) -> tuple[ModelScores, ...]:
        return tuple(model for model in self.models if model.role == "parent")

    @property
    def base(self) -> ModelScores | None:
        return next((model for model in self.models if model.role == "base"), None)

    @property
    def domains(self) -> tuple[str, ...]:
        return tuple(self.child.per_domain)

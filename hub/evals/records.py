"""COMPARISON: a child beside its parents on the same examples. What pages and REST show; plain data."""

from dataclasses import dataclass, field

from workers.statistics.interval import Interval


@dataclass(frozen=True)
class DomainScore:
    """Accuracy on one dataset with its Wilson interval."""

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
class Flips:
    """Child against one parent, example by example over all datasets of the first seed. `p_value` is McNemar's."""

    parent: str
    both_right: int
    gained: int
    lost: int
    both_wrong: int
    p_value: float


@dataclass(frozen=True)
class GivenUp:
    """On one dataset, child minus the parent that is best there, paired. Negative: that much was given up."""

    data: str
    parent: str
    difference: Interval


@dataclass(frozen=True)
class SeedRow:
    """One repetition of the whole study from another seed. `means` by model."""

    name: str
    means: dict[str, float]
    best_parent: str
    gain: float


@dataclass(frozen=True)
class Comparison:
    """`models` holds the child first, then its parents, then the base. `gain` is child minus best parent, paired.

    `dropped` examples had no match in every model; `missing` names parents that were not measured on the same data, and
    `hidden` counts those that the reader may not see.
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

"""PAIR: two results over the same examples. What pages and REST show; plain data, no arrays.

Everything is seen from the first: `gained` is what the first gets right and the second does not (the second is the old, the
parent, the rival), and a difference above 0 means that the first is better, for losses too.
"""

from dataclasses import dataclass, field

from workers.contracts.tasks import metric_get
from workers.statistics.equivalence import Equivalence
from workers.statistics.flips import Flips
from workers.statistics.interval import Interval


@dataclass(frozen=True)
class MetricPair:
    """One metric of both, and the paired difference. None where it is undefined for these answers."""

    name: str
    first: float | None
    second: float | None
    difference: Interval | None
    p_value: float | None


@dataclass(frozen=True)
class Cut:
    """The pair on a part of the examples: one class (`column` ""), or one value of a slice.

    `p_adjusted` is Holm's over all parts of the same table. `gained` and `lost` are None where answers are not right or wrong.
    """

    column: str
    value: str
    n: int
    first: float | None
    second: float | None
    difference: Interval | None
    p_value: float | None
    p_adjusted: float | None = None
    gained: int | None = None
    lost: int | None = None


@dataclass(frozen=True)
class CalibrationBin:
    """Answers of like confidence: mean confidence, share right with Wilson's interval, how many."""

    confidence: float
    accuracy: float
    low: float
    high: float
    n: int


@dataclass(frozen=True)
class Calibration:
    ece: float
    bins: tuple[CalibrationBin, ...]


@dataclass(frozen=True)
class ChangeShares:
    """Where scores by example are not right or wrong: mean lost, mean gained, shares that moved by more than `margin`."""

    regress: Interval
    gain: Interval
    lost: Interval
    gained: Interval
    margin: float


@dataclass(frozen=True)
class Pair:
    """`metric` is the one that both are ranked by; `metrics` holds it first. `test` says where `p_value` comes from.

    `p_adjusted` is Holm's over the results that the first was put beside at once. `flips` and `mcnemar…` are None where answers
    are not right or wrong, `kappa` where they are no classes, `equivalence` where no margin means anything, `smallest`
    (the smallest difference that so many examples show with a power of 80 %) where there are too few.
    """

    first: str
    second: str
    task: str
    metric: str
    n: int
    dropped: int
    clusters: int | None
    metrics: tuple[MetricPair, ...]
    test: str
    p_value: float | None
    p_adjusted: float | None = None
    flips: Flips | None = None
    mcnemar_exact: float | None = None
    mcnemar_mid_p: float | None = None
    gained_ids: tuple[int, ...] = ()
    lost_ids: tuple[int, ...] = ()
    gained_entropy_bits: float | None = None
    changes: ChangeShares | None = None
    agreement: Interval | None = None
    kappa: Interval | None = None
    calibration: tuple[Calibration, Calibration] | None = None
    equivalence: Equivalence | None = None
    smallest: float | None = None
    classes: tuple[Cut, ...] = field(default=())
    slices: tuple[Cut, ...] = field(default=())

    @property
    def difference(self) -> Interval | None:
        return self.metrics[0].difference

    @property
    def is_clear(self) -> bool:
        return self.difference is not None and not self.difference.includes_zero

    @property
    def unit(self) -> str:
        return metric_get(self.metric).unit

    @property
    def higher_is_better(self) -> bool:
        return metric_get(self.metric).higher_is_better


@dataclass(frozen=True)
class ChangedExample:
    """One example and what both say of it. `kind` as asked for; class numbers stay numbers, `score` is that of its metric."""

    example_id: int
    example_sha: str
    row: int
    kind: str
    gold: int | float | str | None
    first: int | float | str | None
    second: int | float | str | None
    first_score: float | None = None
    second_score: float | None = None
    first_confidence: float | None = None
    second_confidence: float | None = None

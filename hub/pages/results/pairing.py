"""Two measurements as one comparison for the page: counts, whether it is chance, what a choice between both could win."""

from dataclasses import dataclass
from typing import Any

from django.core.cache import cache

from hub.evals.models import Evaluation
from hub.pages.measures import Metric, metric_of
from hub.pages.results.columns import Columns, answer_columns
from workers.contracts.tasks import task_get
from workers.statistics.interval import Interval

CACHE_S = 30 * 24 * 3600


@dataclass(frozen=True)
class ClassChange:
    code: int
    n: int
    mine: float
    theirs: float
    gained: int
    lost: int


@dataclass(frozen=True)
class Pairing:
    """Seen from the first: `difference` is first minus second in `metric`, paired by example; positive is better.

    Counts are None where answers are not right or wrong; `kappa` where they have no classes.
    """

    metric: Metric
    n: int
    dropped: int
    difference: Interval
    p_value: float
    both_right: int | None = None
    gained: int | None = None
    lost: int | None = None
    both_wrong: int | None = None
    mcnemar: float | None = None
    oracle: Interval | None = None
    headroom: Interval | None = None
    backward_trust: Interval | None = None
    agreement: Interval | None = None
    kappa: Interval | None = None
    is_no_worse: bool | None = None
    is_same: bool | None = None
    margin: float = 0.0
    classes: tuple[ClassChange, ...] = ()

    @property
    def is_clear(self) -> bool:
        return not self.difference.includes_zero

    @property
    def mood(self) -> str:
        return "ink3" if not self.is_clear else "ok" if self.difference.value > 0 else "warn"


def pairing_of(evaluation: Evaluation, other: Evaluation) -> Pairing | None:
    """None where single answers were not kept, or too few examples are the same. Kept: measurements never change."""
    key = f"pages:pairing:1:{evaluation.pk}:{other.pk}"
    found = cache.get(key, "")
    if found == "":
        found = _compute(evaluation, other)
        cache.set(key, found, CACHE_S)
    return found


def _compute(evaluation: Evaluation, other: Evaluation) -> Pairing | None:
    from hub.evals.answers import LEAST_OVERLAP
    from workers.statistics.bootstrap import cluster_codes, estimate
    from workers.statistics.scores import value_under

    first, second = answer_columns(evaluation), answer_columns(other)
    task = task_get(evaluation.task)
    if first is None or second is None or task is None:
        return None
    mine, theirs = _matched(first, second)
    n, largest = len(mine), max(len(first["example_sha"]), len(second["example_sha"]))
    if n == 0 or n < LEAST_OVERLAP * largest:
        return None
    names = [name for name, _ in task.answers if name in first and name in second]
    own, rival = ({name: item[name][rows] for name in names} for item, rows in ((first, mine), (second, theirs)))
    metric = metric_of(evaluation.metric)
    sign = 1.0 if metric.higher_is_better else -1.0
    cluster = (evaluation.definition or {}).get("cluster")
    codes = cluster_codes(first[cluster][mine].astype(str)) if cluster and cluster in first else None
    found = estimate(lambda weights: sign * (value_under(metric, own, weights) - value_under(metric, rival, weights)), n, cluster=codes)  # fmt: skip
    if found is None:
        return None
    counts = _counts(own, rival) if "correct" in names else {}
    return Pairing(metric, n, largest - n, found.interval, found.p_value, **counts, **_equivalence(metric, found.interval))  # fmt: skip


def _matched(first: Columns, second: Columns) -> tuple[list[int], list[int]]:
    """Rows of the same examples, joined on content; equal examples are matched in their order."""
    places: dict[str, list[int]] = {}
    for place, sha in enumerate(second["example_sha"]):
        places.setdefault(str(sha), []).append(place)
    pairs = [(row, same.pop(0)) for row, sha in enumerate(first["example_sha"]) if (same := places.get(str(sha)))]
    return [row for row, _ in pairs], [place for _, place in pairs]


def _counts(own: Columns, rival: Columns) -> dict[str, Any]:
    import numpy as np

    from workers.statistics.agreement import agreement, kappa
    from workers.statistics.flips import flips_of
    from workers.statistics.mcnemar import mcnemar

    flips = flips_of(rival["correct"].astype(bool), own["correct"].astype(bool))
    gold, codes = own.get("gold"), own["prediction"].dtype.kind in "iu" if "prediction" in own else False
    classes = []
    if codes and gold is not None:
        for code in np.unique(gold)[:200]:
            inside = gold == code
            now, before = own["correct"][inside].astype(bool), rival["correct"][inside].astype(bool)
            classes.append(ClassChange(int(code), int(inside.sum()), float(now.mean()), float(before.mean()), int((now & ~before).sum()), int((before & ~now).sum())))  # fmt: skip
    return {
        "both_right": flips.both_right, "gained": flips.gained, "lost": flips.lost, "both_wrong": flips.both_wrong,
        "mcnemar": mcnemar(flips.gained, flips.lost), "oracle": flips.oracle, "headroom": flips.headroom, "backward_trust": flips.btc,
        "agreement": agreement(own["prediction"], rival["prediction"]) if codes else None,
        "kappa": kappa(own["prediction"], rival["prediction"]) if codes else None,
        "classes": tuple(classes),
    }  # fmt: skip


def _equivalence(metric: Metric, difference: Interval) -> dict[str, Any]:
    """Against one point, where one point means something."""
    from workers.statistics.equivalence import MARGIN, equivalence

    if metric.unit != "share":
        return {}
    found = equivalence(difference, MARGIN)
    return {"is_no_worse": found.is_no_worse, "is_same": found.is_same, "margin": found.margin}

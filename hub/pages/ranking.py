"""What a ranking found, as a table: best entry first, every estimator in its own column, and who could not be ranked."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations
from math import sqrt
from statistics import correlation
from typing import Any

from hub.catalog.models import Repo
from hub.jobs.models import Job
from hub.jobs.states import State
from hub.pages.numbers import MINUS, percent
from workers.contracts.estimators import Estimator, estimator_get
from workers.contracts.tasks import task_get

LEAST_ORDERED, AGREES = 3, 0.7


@dataclass(frozen=True)
class Cell:
    """`label` is the word of its column."""

    text: str
    is_best: bool = False
    label: str = ""


@dataclass(frozen=True)
class Row:
    """`model` is namespace/name, and a link where `is_here`: it may be gone, or no longer to be seen."""

    place: str
    model: str
    is_here: bool
    cells: tuple[Cell, ...]


@dataclass(frozen=True)
class LeftOut:
    model: str
    is_here: bool
    reason: str


@dataclass(frozen=True)
class RankingTable:
    title: str
    summary: str
    estimators: tuple[Estimator, ...]
    rows: tuple[Row, ...]
    left_out: tuple[LeftOut, ...]


def ranking_of(job: Job, user: Any) -> RankingTable | None:
    """None for other kinds, and until the job has ended well."""
    if job.kind != "rank" or job.state != State.SUCCEEDED or not hasattr(job, "ranking"):
        return None
    report: Mapping[str, Any] = job.ranking.result
    estimators = tuple(row for name in report.get("estimators", ()) if (row := estimator_get(name)) is not None)
    entries = [*report.get("results", ()), *report.get("left_out", ())]
    names = {entry["model"]["repo"] for entry in entries}
    # SECURITY: the asker saw them when it ran; whoever looks now gets links to what they may see now.
    here = set(
        Repo.objects.visible_to(user, "read")
        .filter(type="model", full_name__in=names)
        .values_list("full_name", flat=True)
    )
    results = report.get("results", ())
    # Where all share the first place there is no best one.
    telling = {name for entry in results for name, place in entry["places"].items() if place > 1}
    rows = tuple(
        Row(
            str(entry["place"] or "–"),
            entry["model"]["repo"],
            entry["model"]["repo"] in here,
            _cells(entry, estimators, telling),
        )
        for entry in results
    )
    left_out = tuple(
        LeftOut(entry["model"]["repo"], entry["model"]["repo"] in here, str(entry["message"]))
        for entry in report.get("left_out", ())
    )
    title = "One entry ranked" if len(rows) == 1 else f"{len(rows)} entries ranked"
    return RankingTable(title, _summary(report, rows), estimators, rows, left_out)


def _cells(entry: Mapping[str, Any], estimators: tuple[Estimator, ...], telling: set[str]) -> tuple[Cell, ...]:
    scores, places = entry["scores"], entry["places"]
    return tuple(
        Cell(score_text(row, scores[row.name]), row.name in telling and places.get(row.name) == 1, row.label)
        if row.name in scores
        else Cell("–", label=row.label)
        for row in estimators
    )


def score_text(estimator: Estimator, value: float) -> str:
    """Shares in per cent; the others are comparable within one sample only and get three places."""
    return percent(value) if estimator.is_share and 0 <= value <= 1 else f"{value:.3f}".replace("-", MINUS)


def _summary(report: Mapping[str, Any], rows: tuple[Row, ...]) -> str:
    task = task_get(str(report.get("task")))
    by = estimator_get(str(report.get("ordered_by")))
    words = f"{task.label if task is not None else 'A sample'}: {report.get('examples')} examples, ordered by {by.label if by is not None else '?'}."
    if rows:
        words = f"{rows[0].model} comes first. {words}"
    baseline = report.get("baseline")
    if isinstance(baseline, float):
        words += f" Always naming the commonest class is right {percent(baseline)} of the time."
    return words + _caution(report, rows)


def _caution(report: Mapping[str, Any], rows: tuple[Row, ...]) -> str:
    """One sentence where the orders of the estimators disagree and the probe cannot tell its first from the one placed first.

    The smallest Spearman correlation between two orders; the probe is a share of the examples, so its noise is that of two shares.
    """
    results = report.get("results", ())
    names = [name for name in report.get("estimators", ()) if all(name in entry["places"] for entry in results)]
    probes = [entry["scores"]["probe"] for entry in results if "probe" in entry["scores"]]
    examples = report.get("examples")
    if len(rows) < LEAST_ORDERED or len(probes) < len(rows) or not isinstance(examples, int) or examples < 1:
        return ""
    orders = [[float(entry["places"][name]) for entry in results] for name in names]
    found = [value for one, two in combinations(orders, 2) if (value := _agreement(one, two)) is not None]
    first, second = sorted(probes, reverse=True)[:2]
    if not found or min(found) >= AGREES or not all(0 <= value <= 1 for value in (first, second)):
        return ""
    noise = 1.96 * sqrt((first * (1 - first) + second * (1 - second)) / examples)
    if first - second > noise:
        return ""
    return (
        f" Take care: the estimators disagree on the order (rank correlation down to {min(found):.2f}), and the best two by linear "
        f"probe differ by {100 * (first - second):.1f} points, within the noise of {examples} examples (±{100 * noise:.1f}): measure the first few before you choose."
    ).replace("down to -", f"down to {MINUS}")


def _agreement(one: list[float], two: list[float]) -> float | None:
    """Spearman's: the correlation of places. None where all share one place."""
    return correlation(one, two) if len(set(one)) > 1 and len(set(two)) > 1 else None

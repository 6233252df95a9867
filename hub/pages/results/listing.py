"""Every measurement of an entry as its tab lists them: the number, its interval, and what it gained or lost against the best parent."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.urls import reverse

from hub.benchmarks.selectors import by_name, versions_visible
from hub.evals.models import Evaluation
from hub.evals.selectors import Comparison
from hub.pages.entry import Opened
from hub.pages.measures import difference_words, interval_words, metric_of, score_words
from workers.contracts.tasks import Metric
from workers.statistics.interval import Interval


@dataclass(frozen=True)
class Line:
    """`difference` is child against best parent on these data, paired, above 0 is better; `mood` colours it where it is clear."""

    evaluation: Evaluation
    benchmark: str
    metric: Metric
    value: str
    interval: str
    url: str
    difference: Interval | None = None
    parent: str = ""
    is_one_class: bool = False

    @property
    def change(self) -> str:
        return difference_words(self.difference.value, self.metric) if self.difference is not None else ""

    @property
    def change_interval(self) -> str:
        if self.difference is None:
            return ""
        low, high = (difference_words(end, self.metric) for end in (self.difference.low, self.difference.high))
        return f"{low.removesuffix(' points')} to {high}"

    @property
    def mood(self) -> str:
        if self.difference is None or self.difference.includes_zero:
            return "ink3"
        return "ok" if self.difference.value > 0 else "warn"

    @property
    def verdict(self) -> str:
        """In a word, so that colour is never the only cue."""
        if self.difference is None:
            return ""
        return {"ok": "gain", "warn": "loss"}.get(self.mood, "within chance")


def lines_of(opened: Opened, rows: Sequence[Evaluation], comparison: Comparison | None, *, user: Any) -> list[Line]:
    digests = {row.definition_digest for row in rows if row.definition_digest}
    called = list(by_name(versions_visible(user).filter(digest__in=digests)).select_related("benchmark"))
    names = {
        version.digest: version.benchmark.name for version in reversed(called)
    }  # the first of each digest is its name
    of_one_class = {version.digest for version in called if version.one_class}
    given = {entry.data: entry for entry in comparison.given_up} if comparison is not None else {}
    split = comparison.split if comparison is not None else ""
    namespace, _, name = opened.repo.full_name.partition("/")
    found = []
    for row in rows:
        metric, measured = metric_of(row.metric), row.metrics.get(row.metric) or {}
        against = (
            given.get(row.data_name)
            if row.split == split and comparison is not None and row.metric == comparison.metric
            else None
        )
        found.append(
            Line(
                row, names.get(row.definition_digest, ""), metric, score_words(measured.get("value"), metric),
                interval_words(measured.get("low"), measured.get("high"), metric),
                reverse("repo-measurement", args=[namespace, name, row.pk]),
                against.difference if against is not None else None, against.parent if against is not None else "",
                row.definition_digest in of_one_class,
            )
        )  # fmt: skip
    return found

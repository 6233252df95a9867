"""One number per entry for lists: the mean accuracy over what it was measured on, or what its task is measured by."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from math import sqrt
from typing import Any
from uuid import UUID

from django.contrib.auth.models import AnonymousUser

from hub.accounts.models import User
from hub.catalog.models import Repo
from hub.evals.models import Evaluation
from hub.pages.measures import interval_words, metric_of, score_words

Z = 1.959964
_ACCURACY = "accuracy"


@dataclass(frozen=True)
class Score:
    """`metric` is accuracy for a mean over `datasets`; any other is of the one newest measurement, on `data`."""

    mean: float
    low: float | None
    high: float | None
    datasets: int
    is_job_result: bool
    metric: str = _ACCURACY
    data: str = ""

    @property
    def is_accuracy(self) -> bool:
        return self.metric == _ACCURACY

    @property
    def words(self) -> str:
        return score_words(self.mean, metric_of(self.metric))

    @property
    def second(self) -> str:
        """The interval; for other metrics which one it is, since columns mix them."""
        metric = metric_of(self.metric)
        return interval_words(self.low, self.high, metric) if self.is_accuracy else metric.label.lower()


def scores_of(repos: Iterable[Repo], *, user: User | AnonymousUser) -> dict[UUID, Score]:
    """For the heads of these repos, over the data that `user` may read. The newest measurement of a dataset counts."""
    heads = {repo.pk: repo.head for repo in repos}
    if not heads:
        return {}
    rows = Evaluation.objects.visible_to(user).filter(repo_id__in=heads, split="test", invalid="").order_by("created_at").values_list(
        "repo_id", "commit_oid", "data_name", "metrics", "examples", "metric", "score"
    )  # fmt: skip
    measured: dict[UUID, dict[str, tuple[float, int]]] = defaultdict(dict)
    others: dict[UUID, Score] = {}
    for repo_id, commit_oid, data_name, metrics, examples, metric, score in rows:
        if commit_oid != heads[repo_id] or not examples:
            continue
        accuracy = _value(metrics, _ACCURACY)
        if accuracy is not None:
            measured[repo_id][data_name] = (accuracy, examples)
        elif score is not None:
            found = metrics.get(metric) or {}
            others[repo_id] = Score(score, found.get("low"), found.get("high"), 1, False, metric, data_name)
    made_here = set(Repo.objects.filter(pk__in=measured, job_outputs__role="result", job_outputs__job__kind="merge").values_list("pk", flat=True)) if measured else set()  # fmt: skip
    return others | {key: _score(list(found.values()), key in made_here) for key, found in measured.items()}


def _value(metrics: dict[str, Any], name: str) -> float | None:
    value = metrics.get(name)
    return value.get("value") if isinstance(value, dict) else value


def _score(found: list[tuple[float, int]], is_job_result: bool) -> Score:
    mean = sum(accuracy for accuracy, _ in found) / len(found)
    variance = sum(accuracy * (1 - accuracy) / examples for accuracy, examples in found) / len(found) ** 2
    half = Z * sqrt(variance)
    return Score(mean, max(0.0, mean - half), min(1.0, mean + half), len(found), is_job_result)

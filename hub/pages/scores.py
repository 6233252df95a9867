"""One number per entry for lists: the mean accuracy over what it was measured on, with a 95 % interval."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from math import sqrt
from uuid import UUID

from django.contrib.auth.models import AnonymousUser

from hub.accounts.models import User
from hub.catalog.models import Repo
from hub.evals.models import Evaluation

Z = 1.959964


@dataclass(frozen=True)
class Score:
    mean: float
    low: float
    high: float
    datasets: int
    is_job_result: bool


def scores_of(repos: Iterable[Repo], *, user: User | AnonymousUser) -> dict[UUID, Score]:
    """For the heads of these repos, over the data that `user` may read. The newest measurement of a dataset counts."""
    heads = {repo.pk: repo.head for repo in repos}
    if not heads:
        return {}
    rows = Evaluation.objects.visible_to(user).filter(repo_id__in=heads, split="test").order_by("created_at").values_list(
        "repo_id", "commit_oid", "data_name", "metrics", "examples"
    )  # fmt: skip
    measured: dict[UUID, dict[str, tuple[float, int]]] = defaultdict(dict)
    for repo_id, commit_oid, data_name, metrics, examples in rows:
        accuracy = _accuracy(metrics)
        if commit_oid == heads[repo_id] and accuracy is not None and examples:
            measured[repo_id][data_name] = (accuracy, examples)
    made_here = set(Repo.objects.filter(pk__in=measured, job_outputs__role="result", job_outputs__job__kind="merge").values_list("pk", flat=True)) if measured else set()  # fmt: skip
    return {key: _score(list(found.values()), key in made_here) for key, found in measured.items()}


def _accuracy(metrics: dict) -> float | None:
    value = metrics.get("accuracy")
    return value.get("value") if isinstance(value, dict) else value


def _score(found: list[tuple[float, int]], is_job_result: bool) -> Score:
    mean = sum(accuracy for accuracy, _ in found) / len(found)
    variance = sum(accuracy * (1 - accuracy) / examples for accuracy, examples in found) / len(found) ** 2
    half = Z * sqrt(variance)
    return Score(mean, max(0.0, mean - half), min(1.0, mean + half), len(found), is_job_result)

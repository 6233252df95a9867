"""Benchmarks over datasets of a few rows, made through the services people use."""

from collections.abc import Mapping, Sequence
from typing import Any

from hub.accounts.models import User
from hub.benchmarks.models import BenchmarkVersion
from hub.benchmarks.services import benchmark_create
from hub.catalog.models import Repo
from hub.evals.models import Evaluation
from tests.factories.evals import answers_blob
from tests.hub.api.zoo import make_dataset as _make_dataset


def make_dataset(user: User, full_name: str, *, rows: int = 5, visibility: str = "public") -> Repo:
    """Images under data/test.safetensors."""
    return _make_dataset(user, full_name, rows=rows, visibility=visibility)[0]


def make_benchmark(
    user: User, name: str, *, data: str = "builtin:digits", namespace: str = "", **definition: Any
) -> BenchmarkVersion:
    body = {"task": "image-classification", "data": data, **definition}
    return benchmark_create(
        user=user, name=name, title=name.title(), definition=body, namespace=namespace or user.username
    )


def make_entry(
    user: User, version: BenchmarkVersion, repo: Repo, correct: Sequence[int], *, oid: str = "", cost: Mapping[str, Any] | None = None,
    repeat: int = 0, keeps_answers: bool = True, **columns: Any,
) -> Evaluation:  # fmt: skip
    """What `evaluation_publish` leaves of a measurement of `repo` by `version`. `correct` holds right or wrong by example."""
    share = sum(correct) / len(correct)
    low, high = max(0.0, share - 0.1), min(1.0, share + 0.1)
    blob = answers_blob(user, version.data_name, correct) if keeps_answers else None
    return Evaluation.objects.create(
        **{
            "repo": repo,
            "commit_oid": oid or repo.head,
            "data_repo": version.data_repo,
            "data_name": version.data_name,
            "data_commit": version.data_commit,
            "split": version.definition["split"],
            "definition": version.definition,
            "definition_digest": version.digest,
            "task": version.task,
            "metrics": {"accuracy": {"value": share, "low": low, "high": high, "n": len(correct)}},
            "score": share,
            "score_low": low,
            "score_high": high,
            "examples": len(correct),
            "cost": dict(cost or {}),
            "repeat": repeat,
            "predictions": blob,
        }
        | columns
    )

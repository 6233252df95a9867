"""Evaluations with answers that a test chooses, on repos with a lineage."""

import hashlib
import io
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from hub.accounts.models import User
from hub.blobs.models import Blob
from hub.blobs.services import blob_put
from hub.catalog.models import Commit, Repo
from hub.catalog.operations import AddFile
from hub.catalog.services import commit_create, repo_create
from hub.evals.models import Evaluation
from workers.contracts.manifests import Manifest, Parent
from workers.contracts.tasks import metric_get, task_get
from workers.statistics.scores import metrics_of


def make_commit(
    user: User, repo: Repo, *, parents: Sequence[Parent] = (), digest: str = "", branch: str = "main", note: str = ""
) -> Commit:
    """A commit that records its parents. `digest` is that of its weights, which are not there."""
    content = f"# {repo.name} {digest} {note}\n".encode()
    readme = AddFile("README.md", blob_put(chunks=[content], user=user), is_lfs=False)
    manifest = Manifest(artifact="model", kind="merge", parents=tuple(parents), tensor_digest=digest)
    return commit_create(
        repo=repo, branch=branch, user=user, operations=[readme], title="Add", manifest=manifest, lineage=parents
    )  # fmt: skip


def make_model(
    user: User, name: str, *, parents: Sequence[Parent] = (), digest: str = "", visibility: str = "public"
) -> tuple[Repo, Commit]:
    repo = repo_create(user=user, namespace=user.username, name=name, visibility=visibility)
    return repo, make_commit(user, repo, parents=parents, digest=digest or name)


def parent(repo: Repo, commit: Commit, relation: str = "merge_of", weight: float | None = None) -> Parent:
    return Parent(repo=repo.full_name, commit=commit.oid, relation=relation, weight=weight)


def sha_of(data: str, example: int) -> str:
    return hashlib.sha256(f"{data}/{example}".encode()).hexdigest()


def answers_blob(user: User, data: str, correct: Sequence[int], examples: Sequence[int] | None = None) -> Blob:
    """Parquet as the evaluate job writes it. `examples` are the examples' numbers; default 0, 1, 2, …"""
    numbers = list(range(len(correct))) if examples is None else list(examples)
    table = pa.table({
        "example_id": pa.array(numbers, pa.int64()), "example_sha": [sha_of(data, number) for number in numbers],
        "gold": pa.array([0] * len(numbers), pa.int32()), "prediction": pa.array([1 - int(right) for right in correct], pa.int32()),
        "correct": [bool(right) for right in correct], "logprob": [-0.1] * len(numbers),
    })  # fmt: skip
    buffer = io.BytesIO()
    pq.write_table(table, buffer)
    return blob_put(chunks=[buffer.getvalue()], user=user)


def make_evaluation(
    user: User, repo: Repo, commit: Commit, correct: Sequence[int], *, data: str = "demo/clean", split: str = "test",
    examples: Sequence[int] | None = None, keeps_answers: bool = True, data_repo: Repo | None = None,
) -> Evaluation:  # fmt: skip
    share = sum(correct) / len(correct)
    return Evaluation.objects.create(
        repo=repo, commit_oid=commit.oid, data_repo=data_repo, data_name=data_repo.full_name if data_repo else data,
        data_commit=data_repo.head if data_repo else "", split=split, examples=len(correct),
        metrics={"accuracy": {"value": share, "low": max(0.0, share - 0.1), "high": min(1.0, share + 0.1), "n": len(correct)}},
        predictions=answers_blob(user, data, correct, examples) if keeps_answers else None,
    )  # fmt: skip


def make_result(
    user: User, repo: Repo, commit: Commit, columns: Mapping[str, Any], *, task: str = "text-classification",
    data: str = "demo/clean", examples: Sequence[int] | None = None, **fields: Any,
) -> Evaluation:  # fmt: skip
    """An evaluation whose answers are these columns, with the metrics that they give. `slice:…` and `cluster` may be among them."""
    row = task_get(task)
    assert row is not None
    kept = {name: np.asarray(column) for name, column in columns.items()}
    answers = {name: kept[name] for name, _ in row.answers if name in kept}
    known = [name for name in row.metrics if _can_measure(name, answers)]
    metrics = metrics_of(row, answers, names=known)
    n = len(next(iter(kept.values())))
    numbers = list(range(n)) if examples is None else list(examples)
    table = {"example_id": pa.array(numbers, pa.int64()), "example_sha": [sha_of(data, number) for number in numbers]}
    buffer = io.BytesIO()
    pq.write_table(pa.table(table | {name: pa.array(column.tolist(), _TYPES.get(column.dtype.kind)) for name, column in kept.items()}), buffer)  # fmt: skip
    first = metrics[known[0]]
    return Evaluation.objects.create(**{
        "repo": repo, "commit_oid": commit.oid, "data_name": data, "split": "test", "examples": n, "metrics": metrics, "task": task,
        "metric": known[0], "score": first["value"], "score_low": first["low"], "score_high": first["high"],
        "predictions": blob_put(chunks=[buffer.getvalue()], user=user),
    } | fields)  # fmt: skip


_TYPES = {"i": pa.int32()}


def _can_measure(name: str, answers: Mapping[str, Any]) -> bool:
    metric = metric_get(name)
    needed = {"confidence", "correct"} if name == "ece" else {"gold", "prediction"}
    return (
        needed <= set(answers) if metric.form == "statistic" else {metric.value, metric.weight} - {""} <= set(answers)
    )

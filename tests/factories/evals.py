"""Evaluations with answers that a test chooses, on repos with a lineage."""

import hashlib
import io
from collections.abc import Sequence

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

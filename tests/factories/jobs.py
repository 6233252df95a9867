"""Jobs in every state, made through the services people use; and repos for them to read."""

from pathlib import Path
from typing import Any

from django.db import transaction

from hub.accounts.models import User
from hub.blobs.services import blob_put_file
from hub.catalog.models import Repo
from hub.catalog.operations import AddFile
from hub.catalog.selectors import commit_resolve
from hub.catalog.services import commit_create, repo_create
from hub.jobs import services
from hub.jobs.models import Job
from hub.jobs.services.leases import database_time
from workers.contracts.facts import RepoFacts
from workers.contracts.jobs import Input, JobRequest, JobResult, ReportFile
from workers.contracts.plans import Check, Estimate
from workers.runtime.storage import sha256_of


def make_repo(
    user: User,
    name: str,
    *,
    namespace: str = "",
    visibility: str = "private",
    folder: Path | None = None,
    type: str = "model",
) -> Repo:
    """A repo with the files of `folder`."""
    repo = repo_create(user=user, type=type, namespace=namespace or user.username, name=name, visibility=visibility)
    if folder is not None:
        files = sorted(path for path in folder.rglob("*") if path.is_file())
        operations = [
            AddFile(
                str(path.relative_to(folder)), blob_put_file(path=path, user=user), is_lfs=path.suffix == ".safetensors"
            )
            for path in files
        ]
        commit_create(repo=repo, branch="main", user=user, operations=operations, title="Add files")
    return repo


def make_request(
    *, kind: str = "train", output: str = "", inputs: tuple[Repo, ...] = (), seed: int = 0, **recipe: Any
) -> JobRequest:
    """The smallest request: enough for the ledger, which reads no recipe."""
    entries = []
    for index, repo in enumerate(inputs):
        commit = commit_resolve(repo, "main").oid
        facts = RepoFacts(reference=repo.full_name, repo=repo.full_name, commit=commit, visibility=repo.visibility)
        entries.append(Input(role="source", index=index, reference=repo.full_name, facts=facts))
    body = {
        "kind": kind,
        "method": "",
        "seed": seed,
        "sources": [{"model": repo.full_name} for repo in inputs],
        **recipe,
    }
    if output:
        body["output"] = {
            "repo": output,
            "visibility": recipe.get("visibility", "private"),
            "branch": "main",
            "message": "",
        }
    return JobRequest(kind=kind, recipe=body, inputs=tuple(entries), seed=seed)


def make_job(
    owner: User, *, title: str = "Linear of 2 models", memory_bytes: int = 0, force: bool = True, **request: Any
) -> Job:
    """A queued job."""
    options = {
        name: request.pop(name) for name in ("idempotency_key", "parent", "depends_on", "document") if name in request
    }
    check = Check(estimate=Estimate(memory_bytes=memory_bytes))
    return services.job_submit(
        owner=owner, request=make_request(**request), title=title, check=check, force=force, **options
    )[0]


def claim(*queues: str, **options: Any) -> Job | None:
    """What a worker of this process would get."""
    return services.job_claim(worker=services.lease_owner_make(), queues=queues or ("cpu",), **options)


def key_of(job: Job) -> dict[str, Any]:
    """How a worker names its attempt in every write."""
    return {"job_id": job.pk, "attempt": job.attempt, "lease_owner": job.lease_owner}


def make_running(owner: User, **request: Any) -> Job:
    """A job that this process has claimed."""
    made = make_job(owner, **request)
    job = claim()
    assert job is not None
    assert job.pk == made.pk
    return job


def make_result(folder: Path, *, digest: str = "d" * 64, **metrics: Any) -> JobResult:
    """The result of a child that left what is in `folder`."""
    files = tuple(
        ReportFile(path=str(path.relative_to(folder)), size_bytes=path.stat().st_size, sha256=sha256_of(path))
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    )
    return JobResult(files=files, tensor_digest=digest, metrics=metrics)


def expire(job: Job) -> None:
    """As if the lease had run out."""
    with transaction.atomic():
        Job.objects.filter(pk=job.pk).update(lease_until=database_time(-1))

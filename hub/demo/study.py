"""The first merge and its measurement, as ordinary jobs that the hub's own workers carry out."""

import hashlib
import json
import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from hub.accounts.models import User
from hub.blobs.models import Blob
from hub.blobs.services import blob_bytes
from hub.catalog.models import Commit
from hub.catalog.selectors import commit_resolve, entry_get, repo_get
from hub.catalog.services import commit_create
from hub.demo.publishing import branch_ensure, json_text, repo_ensure, text_file
from hub.jobs.models import Job
from hub.jobs.services import job_retry
from hub.jobs.states import FINAL, State
from hub.recipes.services import recipe_submit
from workers.contracts.references import repo_reference_parse

POLL_S = 0.5
PATIENCE_S = 1800
Tell = Callable[[float, float, str], None]
SWEEP_FILE = "sweep.json"


class StudyFailed(Exception):
    """A job of the demo did not succeed. The message names it and says why."""


def merges_submit(*, user: User, zoo: Mapping[str, Any]) -> list[Job]:
    """One merge for each seed, each on its own branch of the merged repo; `main` is the first seed's."""
    repo = f"{zoo['namespace']}/{zoo['merge']['name']}"
    repo_ensure(user=user, full_name=repo)
    jobs = []
    for seed in zoo["seeds"]:
        recipe = zoo["merge"]["recipes"][str(seed)]
        output = {
            "repo": repo,
            "visibility": "public",
            "branch": branch_of(seed),
            "message": f"Merge three fine-tunes, seed {seed}",
        }
        jobs.append(job_ensure(user=user, recipe=recipe | {"output": output}))
    return jobs


def merges_describe(*, user: User, zoo: Mapping[str, Any]) -> None:
    """Lays the sweep that chose the recipe beside each merge, and says so on its card."""
    repo = repo_get(user=user, full_name=f"{zoo['namespace']}/{zoo['merge']['name']}", action="write")
    for seed in zoo["seeds"]:
        head = commit_resolve(repo, branch_of(seed))
        if entry_get(head, SWEEP_FILE) is None:
            card = _text_of(head, "README.md") + zoo["merge"]["section"]
            operations = [text_file(user, "README.md", card), text_file(user, SWEEP_FILE, json_text(zoo["sweep"]))]
            head = commit_create(
                repo=repo,
                branch=branch_of(seed),
                user=user,
                operations=operations,
                title="Say how the recipe was chosen",
            )
        if seed == 0:
            branch_ensure(repo, "seed-0", head)


def evaluation_submit(*, user: User, zoo: Mapping[str, Any]) -> Job:
    """Every model of the study, of every seed, and the rest of the zoo, on the test split of every domain."""
    names = [*zoo["compared"], zoo["merge"]["name"]]
    study = [f"{zoo['namespace']}/{name}@{branch_of(seed)}" for seed in zoo["seeds"] for name in names]
    return job_ensure(
        user=user,
        recipe={
            "kind": "evaluate",
            "models": [*study, *(f"{zoo['namespace']}/{name}@main" for name in zoo["also_measured"])],
            # `index` is the digit that an image was made of: the four images of one digit are drawn together.
            "data": [
                {"data": f"{zoo['namespace']}/{row['name']}", "split": "test", "cluster": "index"}
                for row in zoo["datasets"]
            ],
            "batch_size": 128,
            "seed": 0,
        },
    )


def branch_of(seed: int) -> str:
    return "main" if seed == 0 else f"seed-{seed}"


def job_ensure(*, user: User, recipe: Mapping[str, Any]) -> Job:
    """The job for this recipe over the inputs as they are now: an earlier one if there is one, put back if it did not succeed."""
    job, _ = recipe_submit(user=user, document=dict(recipe), idempotency_key=_key(user, recipe))
    return job_retry(user=user, job=job) if job.state in FINAL and job.state != State.SUCCEEDED else job


def jobs_wait(jobs: Iterable[Job], tell: Tell, *, patience_s: float = PATIENCE_S) -> list[Job]:
    """Until all have succeeded.

    Raises StudyFailed when one ends otherwise, or when they take longer than `patience_s`.
    """
    numbers = [job.pk for job in jobs]
    deadline = time.monotonic() + patience_s
    while True:
        rows = list(Job.objects.filter(pk__in=numbers).order_by("number"))
        for row in rows:
            if row.state in FINAL and row.state != State.SUCCEEDED:
                raise StudyFailed(
                    f"Job {row.number} ({row.title}) {row.state}: {row.error.get('message') or 'no reason given'}"
                )
        tell(sum(_share(row) for row in rows), len(rows), _doing(rows))
        if all(row.state == State.SUCCEEDED for row in rows):
            return rows
        if time.monotonic() > deadline:
            waiting = next(row for row in rows if row.state != State.SUCCEEDED)
            raise StudyFailed(f"Job {waiting.number} ({waiting.title}) is still {waiting.state}. Is a worker running?")
        time.sleep(POLL_S)


def _text_of(commit: Commit, path: str) -> str:
    entry = entry_get(commit, path)
    blob = Blob.objects.get(sha256=entry.sha256) if entry is not None else None
    return blob_bytes(blob=blob).decode() if blob is not None else ""


def _share(job: Job) -> float:
    if job.state == State.SUCCEEDED:
        return 1.0
    total = job.progress.get("total") or 0
    return min(1.0, job.progress.get("done", 0) / total) if total else 0.0


def _doing(rows: list[Job]) -> str:
    return next((row.title for row in rows if row.state == State.RUNNING), "waiting for a worker")


def _key(user: User, recipe: Mapping[str, Any]) -> str:
    """Names recipe and inputs: when a branch has moved since, it is other work."""
    texts = [recipe.get("base"), *recipe.get("models", ()), *(source["model"] for source in recipe.get("sources", ()))]
    heads = [_head(user, text, "model").oid for text in texts if text]
    heads += [_head(user, item["data"], "dataset").oid for item in recipe.get("data", ())]
    return "demo-" + hashlib.sha256(json.dumps([dict(recipe), heads], sort_keys=True).encode()).hexdigest()[:40]


def _head(user: User, text: str, type: str) -> Commit:
    reference = repo_reference_parse(text)
    assert reference is not None  # noqa: S101 our own recipe
    return commit_resolve(repo_get(user=user, full_name=reference.repo, type=type), reference.revision)

"""A job as JSON. Lists and single answers have one shape; only the single one says why a job waits, which costs queries."""

from collections.abc import Sequence
from typing import Any

from django.conf import settings

from hub.accounts.models import User
from hub.jobs import selectors
from hub.jobs.api import queries
from hub.jobs.models import Job, JobOutput
from hub.jobs.states import State, public_state
from workers.contracts.trying import recipe_shown
from workers.contracts.writing import document_ordered

PROGRESS = {"done": 0, "total": None, "unit": "", "message": "", "steps": []}
Queue = dict[str, Any]


def job_json(job: Job, *, queue: Queue, result: dict[str, str] | None) -> dict[str, Any]:
    return {
        "id": str(job.pk),
        "number": job.number,
        "url": f"{settings.SITE_URL}/api/v1/jobs/{job.pk}",
        "page": f"{settings.SITE_URL}/jobs/{job.number}",
        "kind": job.kind,
        "method": job.method,
        "title": job.title,
        "owner": job.owner.username,
        "state": public_state(job.state),
        "attempt": job.attempt,
        "progress": PROGRESS | job.progress,
        "queue": queue,
        "result": result,
        "error": job.error or None,
        "metrics": job.metrics,
        "cost": job.cost,
        "tensor_digest": job.tensor_digest,
        "created_at": job.created_at,
        "started_at": job.started_at,
        "finished_at": job.finished_at,
    }


def job_detail(job: Job, *, user: User) -> dict[str, Any]:
    """What a single answer adds: the recipe, the check at submission, its relatives, and for staff the traceback."""
    body = job_json(job, queue=selectors.queue_of(job), result=selectors.result_of(job))
    relatives = {"parent": job.parent_id, "reproduces": job.reproduces_id}
    body |= {name: str(value) if value else None for name, value in relatives.items()}
    body |= {
        "recipe": document_ordered(recipe_shown(job.recipe)),
        "check": job.check_report,
        "outputs": outputs_json(job, user),
    }
    return body | ({"traceback": job.traceback} if user.is_staff else {})


def jobs_json(jobs: Sequence[Job]) -> list[dict[str, Any]]:
    """A page of jobs in a fixed number of queries."""
    results = queries.results_of(jobs)
    places = queries.queue_places({job.queue for job in jobs if job.state == State.QUEUED})
    return [
        job_json(job, queue={"position": places.get(job.pk), "reason": None}, result=results.get(job.pk))
        for job in jobs
    ]


def outputs_json(job: Job, user: User) -> list[dict[str, Any]]:
    return [_output_json(job, output) for output in queries.outputs_of(job, user=user)]


def _output_json(job: Job, output: JobOutput) -> dict[str, Any]:
    body: dict[str, Any] = {"role": output.role, "repo": None, "commit": None, "path": output.path or None}
    if output.repo is not None and output.commit is not None:
        body |= {"repo": output.repo.full_name, "commit": output.commit.oid}
    if output.blob is not None:
        url = f"{settings.SITE_URL}/api/v1/jobs/{job.pk}/files/{output.path}"
        body |= {"size_bytes": output.blob.size_bytes, "sha256": output.blob.sha256, "url": url}
    return body

"""Writes of evaluations: what an evaluate job measured becomes rows, inside the transaction that ends the job."""

from collections.abc import Mapping
from typing import Any

from django.db import transaction

from hub.blobs.models import Blob
from hub.catalog.models import Commit
from hub.evals.models import Evaluation
from hub.jobs.bell import send_after_commit
from hub.jobs.models import Job, JobInput
from workers.contracts.jobs import JobResult


@transaction.atomic
def evaluation_publish(*, job: Job, result: JobResult, files: Mapping[str, Blob], commit: Commit | None = None) -> None:
    """One row per model and split of the report, each with its answers. Called again for the same job, it changes nothing.

    What was measured of a repo that is gone by now is dropped: there is no page left that could show it.
    """
    inputs = {(item.role, item.position): item for item in JobInput.objects.filter(job=job).select_related("repo")}
    for row in result.report.get("results", ()):
        model, data = inputs.get(("model", row["model"]["index"])), inputs.get(("data", row["data"]["index"]))
        if model is None or model.repo is None:
            continue
        Evaluation.objects.update_or_create(
            repo=model.repo,
            commit_oid=model.commit_oid,
            data_name=_data_name(row["data"], data),
            data_commit=data.commit_oid if data is not None else "",
            split=row["data"]["split"],
            job=job,
            defaults={
                "data_repo": data.repo if data is not None else None,
                "metrics": row["metrics"],
                "examples": row["examples"],
                "predictions": files.get(row["predictions"]),
            },
        )
    send_after_commit("hub.compare", str(job.pk))


def _data_name(row: Mapping[str, Any], data: JobInput | None) -> str:
    """The repo's present name; `builtin:digits` and the like are no repos and keep theirs."""
    if data is not None and data.repo is not None:
        return str(data.repo.full_name)
    return str(row["repo"] or row["reference"])

"""What a job of the kind rank found becomes a row, inside the transaction that ends the job."""

from collections.abc import Mapping

from django.db import transaction

from hub.blobs.models import Blob
from hub.catalog.json_safe import json_safe
from hub.catalog.models import Commit
from hub.evals.models import Ranking
from hub.jobs.models import Job
from workers.contracts.jobs import JobResult


@transaction.atomic
def ranking_publish(*, job: Job, result: JobResult, files: Mapping[str, Blob], commit: Commit | None = None) -> None:
    """Its report, as it is. Called again for the same job, it changes nothing."""
    Ranking.objects.update_or_create(job=job, defaults={"result": json_safe(result.report)})

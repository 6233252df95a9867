"""What a job of the kind rank found becomes a row, inside the transaction that ends the job; and who may read it."""

from collections.abc import Mapping

from django.db import transaction
from django.db.models import QuerySet

from hub.accounts.models import User
from hub.blobs.models import Blob
from hub.catalog.json_safe import json_safe
from hub.catalog.models import Commit
from hub.core.errors import NotFound
from hub.evals.models import Ranking
from hub.jobs.models import Job
from hub.jobs.selectors import job_get
from workers.contracts.jobs import JobResult


@transaction.atomic
def ranking_publish(*, job: Job, result: JobResult, files: Mapping[str, Blob], commit: Commit | None = None) -> None:
    """Its report, as it is. Called again for the same job, it changes nothing."""
    Ranking.objects.update_or_create(job=job, defaults={"result": json_safe(result.report)})


def rankings_visible(user: User) -> QuerySet[Ranking]:
    """SECURITY: those of the jobs that `user` may see. A ranking names every entry that its asker could read."""
    return Ranking.objects.filter(job__in=Job.objects.visible_to(user).values("pk")).select_related("job")


def ranking_get(*, user: User, ident: str) -> Ranking:
    """By the number or the id of its job.

    Raises:
        NotFound: there is no such job, it found no ranking, or `user` may not see it.
    """
    found = Ranking.objects.filter(job=job_get(user=user, ident=ident)).select_related("job").first()
    if found is None:
        raise NotFound("This job has no ranking. Only an ended job of the kind rank has one.")
    return found

"""One input through one model: asked for here, and the input forgotten once it was answered."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from django.utils import timezone

from hub.accounts.models import User
from hub.blobs.models import Blob
from hub.catalog.models import Commit
from hub.jobs.models import Job
from hub.jobs.states import FINAL
from hub.recipes.services import recipe_submit
from workers.contracts.jobs import JobResult
from workers.contracts.trying import input_told

KEEP_DAYS = 7


def try_submit(
    *, user: User, full_name: str, revision: str = "", task: str | None = None, input: Mapping[str, Any],
    idempotency_key: str | None = None, force: bool = False,
) -> tuple[Job, bool]:  # fmt: skip
    """A job that answers `input`; False beside it when it is one that was there already."""
    document = {"kind": "try", "model": f"{full_name}@{revision}" if revision else full_name, "input": dict(input)}
    if task:
        document["task"] = task
    return recipe_submit(user=user, document=document, idempotency_key=idempotency_key, force=force)


def try_publish(*, job: Job, result: JobResult, files: Mapping[str, Blob], commit: Commit | None) -> None:
    """The answer stays with the job. SECURITY: what was asked may be private and does not: only how much it was is kept."""
    job.recipe = input_told(job.recipe)
    job.request = {**job.request, "recipe": input_told(job.request["recipe"])}
    job.save(update_fields=["recipe", "request"])


def tries_forget() -> int:
    """Deletes ended jobs of the kind try after a week: also those that failed, with what was asked of them."""
    cutoff = timezone.now() - timedelta(days=KEEP_DAYS)
    old = Job.objects.filter(kind="try", state__in=FINAL, finished_at__lt=cutoff, parent=None, dependents=None)
    count = old.count()
    old.delete()
    return count

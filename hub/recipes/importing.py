"""The end of an import, as the ledger calls it."""

from collections.abc import Mapping

from hub.blobs.models import Blob
from hub.catalog.models import Commit
from hub.imports import publishing
from hub.jobs.models import Job
from workers.contracts.jobs import JobResult


def import_publish(*, job: Job, result: JobResult, files: Mapping[str, Blob], commit: Commit | None) -> None:
    """What came is committed."""
    publishing.import_publish(job=job, result=result, files=files)

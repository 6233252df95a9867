"""The end of an import, as the ledger calls it: what came is committed, and whoever waited for it is worked out."""

from collections.abc import Mapping

from django.db.models import Q

from hub.blobs.models import Blob
from hub.catalog.models import Commit
from hub.imports import publishing
from hub.jobs.models import Job
from hub.jobs.services import job_refuse, job_resolve
from hub.jobs.states import FINAL, State
from hub.recipes.services import recipe_check, refusal_words, request_make
from workers.contracts.jobs import JobResult
from workers.contracts.kinds import kind_get


def import_publish(*, job: Job, result: JobResult, files: Mapping[str, Blob], commit: Commit | None) -> None:
    """In the transaction that ends the import: a job that waits for it never runs with inputs that were not looked at."""
    publishing.import_publish(job=job, result=result, files=files)
    # One that failed because this import had failed can be tried again once this one worked.
    open_ones = Q(state=State.WAITING) | Q(state=State.FAILED, error__code="dependency")
    for dependent in (
        job.dependents.select_for_update(of=("self",)).select_related("owner").filter(open_ones).order_by("id")
    ):
        if dependent.request.get("unresolved"):
            dependent_resolve(dependent=dependent, ended=job)


def dependent_resolve(*, dependent: Job, ended: Job) -> None:
    """The recipe is checked as if it were submitted now, with the rights that its owner has now."""
    report = recipe_check(user=dependent.owner, document=dependent.recipe)
    recipe = report.parsed.recipe
    kind = kind_get(dependent.kind)
    if report.check.ok and report.wanted:
        others = dependent.depends_on.exclude(pk=ended.pk).exclude(state__in=FINAL)
        if others.exists() or dependent.state != State.WAITING:
            return  # another import is still on its way, and looks again at its end
        names = ", ".join(entry.text for entry in report.wanted)
        job_refuse(
            job=dependent,
            message=f"{names} did not come with the import. Submit the recipe again.",
            findings=report.check.findings,
        )
    elif report.check.ok and recipe is not None and kind is not None:
        job_resolve(job=dependent, request=request_make(recipe, kind, report), check=report.check)
    elif dependent.state == State.WAITING:
        job_refuse(job=dependent, message=refusal_words(report.check.findings), findings=report.check.findings)

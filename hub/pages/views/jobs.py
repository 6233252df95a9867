"""The list of jobs, the live page of one, and what a person may do to it."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from hub.core.errors import ApplicationError, NotFound
from hub.core.pagination import keyset_slice
from hub.jobs.models import Job
from hub.jobs.selectors import job_get, job_list, log_after, result_of
from hub.jobs.services import job_cancel, job_retry
from hub.jobs.states import State
from hub.pages.job_curves import csv_table, curves_of
from hub.pages.job_page import job_context
from hub.pages.recipe_text import recipe_yaml
from hub.pages.shell import signed_in
from hub.pages.templatetags.parts import repo_url
from hub.pages.views.evaluations import csv_response
from workers.contracts.kinds import KINDS

LISTED = 50
LOG_LINES = 10_000
STATES = [state for state in State if state != State.WAITING]


@require_safe
@signed_in
def listing(request: HttpRequest) -> HttpResponse:
    state, kind = request.GET.get("state", ""), request.GET.get("kind", "")
    jobs = job_list(user=request.user, state=state if state in STATES else "", kind=kind)
    page = keyset_slice(
        jobs.defer("request", "check_report", "recipe", "traceback"),
        ("-created_at", "id"),
        cursor=request.GET.get("cursor"),
        limit=LISTED,
        scope="pages:jobs",
    )
    kept = request.GET.copy()
    kept.pop("cursor", None)
    context = {
        "rows": page.rows,
        "next_url": f"{request.path}?{_with(kept, 'cursor', page.next)}" if page.next else "",
        "first_url": f"{request.path}?{kept.urlencode()}" if request.GET.get("cursor") else "",
        "states": [
            (entry.value, entry.label, f"?{_with(kept, 'state', entry.value)}", entry.value == state)
            for entry in STATES
        ],
        "kinds": [
            (entry.name, entry.label, f"?{_with(kept, 'kind', entry.name)}", entry.name == kind) for entry in KINDS
        ],
        "all_url": f"?{_with(kept, 'state', '')}",
        "is_filtered": bool(state or kind),
    }
    return render(request, "jobs/list.html", context)


def _with(params, key: str, value: str) -> str:
    copy = params.copy()
    copy.pop(key, None)
    if value:
        copy[key] = value
    return copy.urlencode()


@require_safe
@signed_in
def detail(request: HttpRequest, ident: str) -> HttpResponse:
    job = job_get(user=request.user, ident=ident)
    return render(request, "jobs/detail.html", job_context(job, request.user))


@require_safe
@signed_in
def live(request: HttpRequest, ident: str) -> HttpResponse:
    """The fragment that polls itself. It carries its own next pause, and none once the job has ended."""
    job = job_get(user=request.user, ident=ident)
    context = job_context(job, request.user)
    response = render(request, "jobs/_live.html", context)
    if context["poll_s"] is None:
        response["HX-Trigger"] = "job-ended"
    return response


@require_safe
@signed_in
def log(request: HttpRequest, ident: str) -> HttpResponse:
    job = job_get(user=request.user, ident=ident)
    lines = [f"{line.at:%Y-%m-%d %H:%M:%S} {line.level:7} {line.message}" for line in log_after(job, 0, LOG_LINES)]
    return HttpResponse("\n".join(lines) + "\n", content_type="text/plain; charset=utf-8")


@require_safe
@signed_in
def recipe_file(request: HttpRequest, ident: str) -> HttpResponse:
    job = job_get(user=request.user, ident=ident)
    headers = {"Content-Disposition": f'attachment; filename="job-{job.number}.yaml"'}
    return HttpResponse(recipe_yaml(job.recipe), content_type="application/yaml; charset=utf-8", headers=headers)


@require_safe
@signed_in
def curve_csv(request: HttpRequest, ident: str) -> HttpResponse:
    job = job_get(user=request.user, ident=ident)
    table = csv_table(job, curves_of(job))
    if table is None:
        raise NotFound("This job has no curve.")
    return csv_response(f"job-{job.number}-curves", table)


@require_safe
@signed_in
def result(request: HttpRequest, ident: str) -> HttpResponse:
    job = job_get(user=request.user, ident=ident)
    found = result_of(job)
    if found is None:
        raise NotFound("This job has no result to show.")
    return redirect(f"{repo_url(found['repo'])}/result?revision={found['commit']}")


def _act(request: HttpRequest, ident: str, deed, words: str) -> HttpResponse:
    job = job_get(user=request.user, ident=ident)
    try:
        after: Job = deed(job)
    except ApplicationError as error:
        messages.error(request, error.message)
        return redirect("job", job.number)
    messages.success(request, words.format(number=after.number))
    return redirect("job", after.number)


@require_POST
@signed_in
def cancel(request: HttpRequest, ident: str) -> HttpResponse:
    def deed(job: Job) -> Job:
        return job_cancel(user=request.user, job=job)

    return _act(request, ident, deed, "Job {number} was asked to stop.")


@require_POST
@signed_in
def retry(request: HttpRequest, ident: str) -> HttpResponse:
    def deed(job: Job) -> Job:
        return job_retry(user=request.user, job=job)

    return _act(request, ident, deed, "Job {number} is back in the queue.")


@require_POST
@signed_in
def reproduce(request: HttpRequest, ident: str) -> HttpResponse:
    def deed(job: Job) -> Job:
        return job_retry(user=request.user, job=job, reproduce=True)

    return _act(request, ident, deed, "Job {number} runs the same recipe again and compares the digests.")

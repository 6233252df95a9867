"""What the page of one job shows, whole or as its live fragment."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.utils import timezone
from pydantic import ValidationError

from hub.jobs.models import Job, JobEvent, JobLog
from hub.jobs.selectors import job_reproducible, job_retryable, queue_of, result_of
from hub.jobs.states import ACTIVE, FINAL, State
from hub.pages.job_answer import job_answer
from hub.pages.job_curves import curves_of, figure_of, now_of, terms_figure
from hub.pages.job_matrix import matrix_of
from hub.pages.job_resume import again_words
from hub.pages.job_verdicts import verdicts_of_job
from hub.pages.licences import verdict_read
from hub.pages.making.state import command_of
from hub.pages.numbers import figure, percent, seconds, seconds_range, size
from hub.pages.progress import elapsed_s, progress_of
from hub.pages.ranking import ranking_of
from hub.pages.recipe_text import recipe_yaml
from hub.pages.results.worth import job_worth
from workers.contracts.findings import Finding
from workers.contracts.kinds import kind_get
from workers.contracts.plans import LicenceVerdict
from workers.contracts.trying import recipe_shown

TAIL = 30
_FAST, _SLOW, _QUEUED = 2, 5, 15


@dataclass(frozen=True)
class Attempt:
    number: int
    icon: str
    state: str
    words: str


def polling_s(job: Job) -> int | None:
    """2 s while it runs, 5 s after a minute, 15 s in the queue; None once it has ended."""
    if job.state in FINAL:
        return None
    if job.state in ACTIVE:
        started = job.started_at or job.created_at
        return _FAST if timezone.now() - started < timedelta(minutes=1) else _SLOW
    return _QUEUED if timezone.now() - job.created_at > timedelta(minutes=1) else _FAST


def job_context(job: Job, user) -> dict[str, Any]:
    state_events = list(JobEvent.objects.filter(job=job, type="state").order_by("pk")[:200])
    tail = list(JobLog.objects.filter(job=job).order_by("-pk")[:TAIL])[::-1]
    is_final, curves = job.state in FINAL, curves_of(job)
    verdicts = verdicts_of_job(job, user)
    return {
        "job": job,
        "kind": kind_get(job.kind),
        "progress": progress_of(job, left_s=curves.left_s),
        # An ended evaluation goes on looking while a worker compares its answers.
        "poll_s": polling_s(job) or (_SLOW if verdicts is not None and verdicts["is_waiting"] else None),
        "is_final": is_final,
        "queue": queue_of(job) if job.state in (State.QUEUED, State.WAITING) else None,
        "log_lines": tail,
        "log_is_cut": len(tail) == TAIL,
        "receipt": receipt_of(job),
        "attempts": attempts_of(job, state_events),
        "again": again_words(job),
        "findings": findings_of(job),
        "noticed": noticed_of(job),
        "licence": licence_of(job),
        "figure": figure_of(job, curves),
        "terms": terms_figure(job, curves),
        "matrix": matrix_of(job, user),
        "verdicts": verdicts,
        "tried": job_answer(job, user),
        "ranking": ranking_of(job, user),
        "result": result_of(job) if job.state == State.SUCCEEDED else None,
        "reproduction": job.metrics.get("reproduction"),
        "metrics": _metrics(job),
        "now": [] if is_final else now_of(job, curves),
        "can_cancel": not is_final and job.state != State.CANCELLING,
        "can_retry": job_retryable(job),
        "can_reproduce": job_reproducible(job) and job.reproduces_id is None,
        "yaml": recipe_yaml(recipe_shown(job.recipe)),
        "commands": f"genepool jobs watch {job.number}",
        "resubmit": command_of(recipe_yaml(recipe_shown(job.recipe))),
        "children": list(job.children.order_by("number")[:20]),
        "reproductions": list(job.reproductions.order_by("number")[:20]),
        **job_worth(job, user),
    }


def licence_of(job: Job) -> LicenceVerdict | None:
    """As it was at submission. A job that makes no repo makes nothing to license."""
    kind = kind_get(job.kind)
    return verdict_read(job.request.get("licence")) if kind is not None and kind.makes_repo else None


def findings_of(job: Job) -> list[Finding]:
    """Of the error where there is one, else the warnings known at submission."""
    raw = (job.error or {}).get("findings") or [
        finding for finding in job.check_report.get("findings", []) if finding.get("severity") != "info"
    ]
    return [Finding.model_validate(finding) for finding in raw]


def noticed_of(job: Job) -> list[Finding]:
    """What the run itself warns of at its end."""
    found = []
    raw = (job.metrics or {}).get("findings")
    for entry in raw if isinstance(raw, list) else ():
        try:
            found.append(Finding.model_validate(entry))
        except ValidationError:
            continue
    return found


def receipt_of(job: Job) -> dict[str, Any]:
    cost, estimate = job.cost or {}, job.check_report.get("estimate") or {}
    lines = []
    if "cpu_s" in cost:
        lines.append(("CPU time", seconds(cost["cpu_s"])))
    if cost.get("peak_memory_bytes"):
        lines.append(("Peak memory", size(cost["peak_memory_bytes"])))
    if "read_bytes" in cost:
        lines.append(("Read", size(cost["read_bytes"])))
    if "write_bytes" in cost:
        lines.append(("Written", size(cost["write_bytes"])))
    wall = cost.get("wall_s") or elapsed_s(job)
    total = ("Wall time", seconds(wall)) if wall else None
    note = ""
    low, high = estimate.get("seconds") or (0, 0)
    if high:
        memory = f", {size(estimate['memory_bytes'])}" if estimate.get("memory_bytes") else ""
        note = f"Estimated before: {seconds_range(low, high)}{memory}."
    return {"lines": lines, "total": total, "note": note}


_ENDS = {
    "succeeded": ("check", "ok", "ended well"),
    "failed": ("stop", "bad", "failed"),
    "errored": ("alert", "warn", "stopped with an error of ours"),
    "cancelled": ("square", "ink3", "was cancelled"),
    "queued": ("alert", "warn", "stopped and went back into the queue"),
}


def attempts_of(job: Job, events: list[JobEvent]) -> list[Attempt]:
    """One line per attempt: how it ended, and when."""
    found = []
    numbers = sorted({event.attempt for event in events if event.attempt})
    for number in numbers:
        own = [event for event in events if event.attempt == number]
        ends = [event for event in own if event.data.get("state") in _ENDS and event.data.get("state") != "running"]
        if ends and not (number == job.attempt and job.state in ACTIVE):
            icon, state, words = _ENDS[ends[-1].data["state"]]
            reason = (ends[-1].data.get("error") or {}).get("message", "")
            found.append(
                Attempt(number, icon, state, f"{words} at {ends[-1].at:%H:%M:%S}." + (f" {reason}" if reason else ""))
            )
        else:
            began = own[0].at
            found.append(
                Attempt(
                    number,
                    "running",
                    "ink2",
                    f"runs since {began:%H:%M:%S}" + (f" on {job.lease_host}." if job.lease_host else "."),
                )
            )
    return found


_FIGURES = {
    "kept_step": "Weights kept, of step",
    "training_loss": "Training loss, mean of their epoch",
    "validation_loss": "Validation loss of these weights",
}


def _metrics(job: Job) -> list[tuple[str, str]]:
    """The few numbers of the result that are plain figures."""
    rows = []
    for key, value in (job.metrics or {}).items():
        if isinstance(value, bool) or not isinstance(value, int | float) or key in ("wall_s", "peak_memory_bytes"):
            continue
        name, _, data = key.partition(":")
        words = _FIGURES.get(name, name.replace("_", " ").capitalize()) + (
            f", {data.rpartition('/')[2]}" if data else ""
        )
        rows.append((words, percent(value) if "accuracy" in name else figure(value)))
    return rows

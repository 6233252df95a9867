"""A job's progress in boxes and words: what is done, what runs, what is still to come."""

from dataclasses import dataclass, field
from datetime import datetime

from django.utils import timezone

from hub.jobs.models import Job
from hub.jobs.states import FINAL, State
from hub.pages.numbers import seconds, seconds_range, size, thousands

WIDTHS = (1, 2, 3, 4, 6, 9, 14)
_WORDS = {
    "fetch": "Fetch inputs",
    "load": "Load models",
    "merge": "Merge",
    "publish": "Publish",
    "evaluate": "Evaluate",
    "train": "Train",
    "check": "Check",
    "write": "Write",
}


@dataclass(frozen=True)
class Step:
    """`state` is finished, current, pending or stopped; `value` of `total` within the step; `width` is one of the CSS widths."""

    name: str
    state: str
    value: float
    total: float
    width: int
    note: str = ""


@dataclass(frozen=True)
class Progress:
    share: float
    words: str
    left: str
    steps: list[Step] = field(default_factory=list)
    so_far: str = ""


def step_word(name: str) -> str:
    return _WORDS.get(name, name.replace("_", " ").capitalize())


def _width(weight: float) -> int:
    return min(WIDTHS, key=lambda width: abs(width - max(1.0, weight)))


def elapsed_s(job: Job, now: datetime | None = None) -> float:
    if job.started_at is None:
        return 0.0
    return max(0.0, ((job.finished_at or now or timezone.now()) - job.started_at).total_seconds())


def _step_state(step: dict, job: Job, is_current: bool) -> str:
    state = step.get("state", "")
    if state == "finished":
        return "finished"
    if job.state in FINAL:
        return "finished" if job.state == State.SUCCEEDED else "stopped" if is_current else "pending"
    return "current" if state == "started" or is_current else "pending"


def progress_of(job: Job, *, left_s: float | None = None) -> Progress:
    """`left_s` is what the job itself expects, where it does."""
    data = job.progress or {}
    done, total = float(data.get("done") or 0), float(data.get("total") or 0)
    share = 1.0 if job.state == State.SUCCEEDED else min(1.0, done / total) if total > 0 else 0.0
    raw = [step for step in data.get("steps") or [] if isinstance(step, dict)]
    open_names = [step.get("name") for step in raw if step.get("state") != "finished"]
    steps = []
    for step in raw:
        is_current = bool(open_names) and step.get("name") == open_names[0]
        state = _step_state(step, job, is_current)
        note = _note(data) if state == "current" else ""
        value, limit = (
            (done, total) if state == "current" and total else (1.0, 1.0) if state == "finished" else (0.0, 1.0)
        )
        steps.append(
            Step(
                step_word(str(step.get("name", ""))), state, value, limit, _width(float(step.get("weight") or 1)), note
            )
        )
    return Progress(
        share,
        "" if job.state == State.SUCCEEDED else _note(data),
        _left(job, share, left_s),
        steps,
        seconds(elapsed_s(job)) if job.started_at else "",
    )


def _note(data: dict) -> str:
    message, unit = str(data.get("message") or ""), str(data.get("unit") or "")
    if not unit or not data.get("total"):
        return message
    if unit == "bytes":
        counted = f"{size(data['done'])} of {size(data['total'])}"
    else:
        counted = f"{thousands(round(data['done']))} of {thousands(round(data['total']))} {unit}"
    return f"{message}, {counted}" if message else counted


def _left(job: Job, share: float, left_s: float | None) -> str:
    """From what the job itself expects or from the pace so far, once that says something; before that from the estimate."""
    if job.state != State.RUNNING:
        return ""
    if left_s is not None:
        return _about(left_s * 0.9, left_s * 1.1)
    if job.attempt > 1:
        # The clock since the first start counts the pause too, and what is done was done by others.
        return ""
    passed = elapsed_s(job)
    if share > 0.05 and passed > 2:
        rest = passed * (1 - share) / share
        return _about(rest * 0.8, rest * 1.2)
    low, high = (job.check_report.get("estimate") or {}).get("seconds") or (0, 0)
    return f"estimated at {seconds_range(low, high)}" if high else ""


def _about(low: float, high: float) -> str:
    words = seconds_range(low, high)
    return f"{words} left" if words.startswith(("about ", "under ")) else f"about {words} left"

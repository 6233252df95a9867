"""A try on its job's page: what was put in as far as it is kept, the answer, and how to ask the same by code."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.urls import reverse

from hub.catalog.models import Repo
from hub.jobs.models import Job
from hub.pages.trying import Answer, answer_of, code_of, role_of
from workers.contracts.tasks import Task, task_get
from workers.contracts.trying import recipe_shown
from workers.planning.try_inputs import roles_asked

MOST_CHARACTERS = 400


@dataclass(frozen=True)
class JobAnswer:
    """`given` are (word, text) of the inputs. `model` is "" where the asker may not see it (any more); there is no `url` then."""

    answer: Answer
    task: str
    given: tuple[tuple[str, str], ...]
    is_kept: bool
    model: str
    url: str
    code: str


def job_answer(job: Job, user: Any) -> JobAnswer | None:
    """None for other kinds."""
    if job.kind != "try":
        return None
    # SECURITY: whoever looks now gets the way to the entry only if they may see it now.
    held = job.inputs.filter(role="model").values("repo")
    repo = Repo.objects.visible_to(user, "read").filter(pk__in=held).first()
    answer = answer_of(job)
    task = _task(job)
    roles = tuple(role_of(column) for column in roles_asked(task)) if task is not None else ()
    model, url = (repo.full_name, _url(repo.full_name)) if repo is not None else ("", "")
    code = code_of(model, roles) if model and roles else ""
    words = {role.name: role.word for role in roles}
    pictures = {role.name for role in roles if role.kind == "image"}
    shown = recipe_shown(job.recipe).get("input")
    is_kept = answer.form in ("waiting", "refused")
    given = tuple((words.get(name, name), "sent" if name in pictures else _text(value)) for name, value in shown.items()) if isinstance(shown, Mapping) else ()  # fmt: skip
    return JobAnswer(answer, task.label if task is not None else "", given, is_kept, model, url, code)


def _task(job: Job) -> Task | None:
    found = (job.metrics or {}).get("answer")
    named = found.get("task") if isinstance(found, Mapping) else job.recipe.get("task")
    return task_get(str(named or ""))


def _url(full_name: str) -> str:
    return reverse("repo-try", args=full_name.split("/", 1))


def _text(value: Any) -> str:
    text = ", ".join(str(entry) for entry in value) if isinstance(value, list | tuple) else str(value)
    return text if len(text) <= MOST_CHARACTERS else f"{text[:MOST_CHARACTERS]}…"

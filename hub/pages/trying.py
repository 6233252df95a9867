"""The box in which an entry is tried: which inputs its task takes, why it cannot be run, how to ask the same by code, and the answer."""

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse

from hub.core.errors import NotFound
from hub.evals.models import Evaluation
from hub.jobs.models import Job
from hub.jobs.selectors import job_get, queue_of
from hub.jobs.states import FINAL
from hub.pages.entry import Opened
from hub.pages.numbers import figure, ordinal, percent
from hub.pages.samples.pictures import Picture
from hub.pages.samples.split import split_rows
from hub.recipes.resolution import reference_resolve
from workers.contracts.facts import RepoFacts
from workers.contracts.findings import Finding
from workers.contracts.tasks import Column, Task, task_get
from workers.planning.bases import ON_A_BASE, base_text
from workers.planning.lone import known_tasks, lone_findings, task_findings
from workers.planning.try_inputs import roles_asked

OFFERED_PICTURES = 12
_SESSION, _REMEMBERED = "tries", 20
_WORDS = {"image": "A picture, PNG or JPEG", "text": "Text", "numbers": "Numbers of one row", "texts": "Choices, one a line"}  # fmt: skip
_ROLES = {"text_pair": "Second text, if there is one", "question": "Question", "query": "Question", "first": "First text", "second": "Second text"}  # fmt: skip


@dataclass(frozen=True)
class Role:
    name: str
    kind: str
    word: str
    required: bool


@dataclass(frozen=True)
class TryBox:
    """`refusal` says why it cannot be run; there are no roles then."""

    url: str
    task: Task | None
    tasks: tuple[Task, ...]
    roles: tuple[Role, ...]
    refusal: Finding | None
    code: str

    @property
    def has_picture(self) -> bool:
        return any(role.kind == "image" for role in self.roles)


def try_box(opened: Opened, *, user: Any, asked: str = "") -> TryBox | None:
    """None for datasets. Asks headers alone."""
    if opened.repo.type != "model":
        return None
    namespace, _, name = opened.repo.full_name.partition("/")
    url = reverse("repo-try", args=[namespace, name])
    facts = opened.facts.model_copy(update={"reference": opened.repo.full_name})
    base = _base_of(facts, user)
    known = tuple(task for word in known_tasks(facts, base) if (task := task_get(word)) is not None)
    findings = lone_findings(opened.repo.full_name, facts, base, ("model",))
    findings = findings or task_findings(opened.repo.full_name, facts, base, asked or None, ("task",))
    if findings:
        return TryBox(url, None, known, (), findings[0], "")
    task = task_get(asked) or known[0]
    roles = tuple(role_of(column) for column in roles_asked(task))
    return TryBox(url, task, known, roles, None, code_of(opened.repo.full_name, roles))


def _base_of(facts: RepoFacts, user: Any) -> RepoFacts | None:
    wanted = base_text(facts) if facts.artifact in ON_A_BASE else ""
    return reference_resolve(user=user, type="model", text=wanted)[2] if wanted else None


def role_of(column: Column) -> Role:
    return Role(
        column.role, column.kind, _ROLES.get(column.role) or _WORDS.get(column.kind, column.role), column.required
    )


def code_of(full_name: str, roles: tuple[Role, ...]) -> str:
    """One line for a shell, with an example of each input."""
    examples = {"text": "…", "numbers": [0.1, 0.2], "texts": ["…", "…"]}
    given = {role.name: examples.get(role.kind, "$(base64 -w0 picture.png)") for role in roles if role.required}
    body = json.dumps({"input": given}, ensure_ascii=False)
    quoted = '"' + body.replace('"', '\\"') + '"' if any(role.kind == "image" for role in roles) else f"'{body}'"
    return f'curl {settings.SITE_URL}/api/v1/models/{full_name}/try \\\n  -H "Authorization: Bearer $GENEPOOL_TOKEN" \\\n  -H "Content-Type: application/json" \\\n  -d {quoted}'


def input_of(request: HttpRequest, box: TryBox) -> dict[str, Any]:
    """What was filled in, by role. What cannot be read as its kind stays as it is: the check says what is wrong with it."""
    given: dict[str, Any] = {}
    for role in box.roles:
        if role.kind == "image":
            value: Any = _picture(request, role.name)
        else:
            text = request.POST.get(role.name, "").replace("\r\n", "\n")
            value = _numbers(text) if role.kind == "numbers" else _lines(text) if role.kind == "texts" else text
        if value or role.required:
            given[role.name] = value
    return given


def _picture(request: HttpRequest, name: str) -> str:
    held = request.FILES.get(name)
    if held is None or not held.size:
        return request.POST.get(f"{name}-picked", "")
    return base64.b64encode(held.read()).decode("ascii")


def _numbers(text: str) -> list[Any]:
    return [_number(part) for part in text.replace(",", " ").replace(";", " ").split()]


def _number(text: str) -> Any:
    try:
        return float(text.replace("\u2212", "-"))
    except ValueError:
        return text


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()]


def pictures_to_try(opened: Opened, *, user: Any) -> list[Picture]:
    """A few of the pictures that it was measured on, as far as the asker may open that dataset."""
    rows = Evaluation.objects.visible_to(user).filter(
        repo=opened.repo, task="image-classification", data_repo__isnull=False
    )
    row = rows.select_related("data_repo").order_by("-created_at").first()
    if row is None or row.data_repo is None:
        return []
    commit = row.data_repo.commits.filter(oid=row.data_commit).first()
    if commit is None:
        return []
    commit.repo = row.data_repo
    sampled = split_rows(row.data_repo, commit, row.split, range(OFFERED_PICTURES), user=user)
    found = [value for column in sampled.columns.values() for value in column if isinstance(value, Picture)]
    return [picture for picture in found if picture.source.startswith("data:")][:OFFERED_PICTURES]


@dataclass(frozen=True)
class Likely:
    name: str
    words: str
    confidence: float


@dataclass(frozen=True)
class Answer:
    """`form` is that of the answer, or waiting, or refused. `remarks` are what the model was given in another form, say.

    `place` says of one that waits where it stands in the queue.
    """

    form: str
    job: Job | None = None
    classes: tuple[Likely, ...] = ()
    text: str = ""
    remarks: tuple[str, ...] = ()
    message: str = ""
    findings: tuple[Finding, ...] = ()
    seconds: float | None = None
    place: str = ""

    @property
    def is_waiting(self) -> bool:
        return self.form == "waiting"


def answer_get(opened: Opened, ident: str, *, user: Any) -> Answer:
    """SECURITY: only of one's own tries, and of this entry."""
    job = job_get(user=user, ident=ident)
    if job.kind != "try" or not job.inputs.filter(repo=opened.repo, role="model").exists():
        raise NotFound("There is no such try of this entry, or you may not see it.")
    return answer_of(job)


def answer_remember(request: HttpRequest, opened: Opened, job: Job) -> None:
    """Keeps with the session which try of this entry is under way, the last few entries."""
    held = {key: number for key, number in request.session.get(_SESSION, {}).items() if key != str(opened.repo.pk)}
    request.session[_SESSION] = dict([*held.items(), (str(opened.repo.pk), job.number)][-_REMEMBERED:])


def answer_remembered(request: HttpRequest, opened: Opened) -> Answer | None:
    """The try that was asked for before the page was loaded afresh, until its answer has been shown. Asks nothing where there is none."""
    if opened.repo.type != "model" or not request.user.is_authenticated:
        return None
    held = dict(request.session.get(_SESSION, {}))
    number = held.pop(str(opened.repo.pk), None)
    if number is None:
        return None
    try:
        answer = answer_get(opened, str(number), user=request.user)
    except NotFound:
        answer = None
    if answer is None or not answer.is_waiting:
        request.session[_SESSION] = held
    return answer


def answer_at(opened: Opened, answer: Answer | None) -> dict[str, str]:
    """For the templates: where the answer is looked for."""
    if answer is None or answer.job is None:
        return {}
    namespace, _, name = opened.repo.full_name.partition("/")
    return {"answer_url": reverse("repo-try-answer", args=[namespace, name, answer.job.number])}


def _place(job: Job) -> str:
    """`2nd in the queue; it waits for a free CPU slot, 1 before it`; "" once a worker has it."""
    queue = queue_of(job)
    if not queue["reason"]:
        return ""
    return (
        f"It is {ordinal(queue['position'])} in the queue and {queue['reason']}."
        if queue["position"]
        else f"It {queue['reason']}."
    )


def answer_of(job: Job) -> Answer:
    found = (job.metrics or {}).get("answer")
    if job.state not in FINAL:
        return Answer("waiting", job, place=_place(job))
    if not isinstance(found, Mapping):
        raw = (job.error or {}).get("findings") or ()
        message = str((job.error or {}).get("message") or "It ended without an answer.")
        return Answer("refused", job, message=message, findings=tuple(Finding.model_validate(entry) for entry in raw))
    classes = tuple(Likely(str(row.get("name")), percent(float(row.get("confidence") or 0.0)), float(row.get("confidence") or 0.0)) for row in found.get("classes") or ())  # fmt: skip
    number = found.get("number", found.get("similarity"))
    text = str(found.get("text") or "") if number is None else figure(float(f"{number:.4g}"))
    remarks = tuple(str(remark) for remark in found.get("remarks") or ())
    return Answer(str(found.get("form") or "text"), job, classes, text, remarks, seconds=found.get("seconds"))

"""Try it: one input of an entry's task goes through a worker; the answer is looked for until it is there. Works without scripts by reload."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import urlencode
from django.views.decorators.http import require_http_methods, require_safe

from hub.core.errors import ApplicationError, Refused, Unauthenticated
from hub.core.ratelimit import limit_check
from hub.core.uploads import takes_file
from hub.pages.entry import Opened, entry_open
from hub.pages.gate import gated_page
from hub.pages.trying import (
    Answer,
    TryBox,
    answer_at,
    answer_get,
    answer_remember,
    answer_remembered,
    input_of,
    pictures_to_try,
    try_box,
)
from hub.pages.views.repo import entry_context
from hub.recipes.limits import TRY
from hub.recipes.trying import try_submit
from workers.planning.try_inputs import MAX_PICTURE_BYTES


@takes_file(MAX_PICTURE_BYTES)
@require_http_methods(["GET", "HEAD", "POST"])
def page(request: HttpRequest, namespace: str, name: str) -> HttpResponse:
    opened = entry_open(request, namespace, name)
    context = entry_context(request, opened, "card")
    if context["gate"]:
        return gated_page(request, context)
    asked = request.POST.get("task") or request.GET.get("task", "")
    box = try_box(opened, user=request.user, asked=asked)
    if request.method == "POST" and box is not None:
        return _ask(request, opened, box)
    ident = request.GET.get("job", "")
    answer = (
        answer_get(opened, ident, user=request.user)
        if ident and request.user.is_authenticated
        else answer_remembered(request, opened)
    )
    return _page(request, opened, box, answer)


def _page(
    request: HttpRequest, opened: Opened, box: TryBox | None, answer: Answer | None, status: int = 200
) -> HttpResponse:
    context: dict[str, Any] = entry_context(request, opened, "card") | {"box": box, "answer": answer}
    context["pictures"] = pictures_to_try(opened, user=request.user) if box is not None and box.has_picture else []
    return render(request, "catalog/try.html", context | answer_at(opened, answer), status=status)


def _ask(request: HttpRequest, opened: Opened, box: TryBox) -> HttpResponse:
    """From the box: the fragment with the answer; without scripts the page of the try."""
    if not request.user.is_authenticated:
        raise Unauthenticated("Sign in first.")
    is_fragment = bool(getattr(request, "htmx", False))
    try:
        # counted together with the API's, or the box would be the way around its limit
        limit_check(TRY, f"u{request.user.pk}")
        revision = "" if opened.revision == opened.repo.default_branch else opened.revision
        job, _ = try_submit(
            user=request.user, full_name=opened.repo.full_name, revision=revision, task=box.task.name if box.task else None,
            input=input_of(request, box),
        )  # fmt: skip
    except Refused as error:
        return _refused(
            request, opened, box, Answer("refused", message=error.message, findings=error.findings), 422, is_fragment
        )
    except ApplicationError as error:
        return _refused(request, opened, box, Answer("refused", message=error.message), error.status, is_fragment)
    answer = answer_get(opened, str(job.number), user=request.user)
    answer_remember(request, opened, job)
    if is_fragment:
        return render(request, "catalog/_try_answer.html", {"answer": answer, "box": box, **answer_at(opened, answer)})
    return redirect(f"{box.url}?{urlencode({'job': job.number})}")


def _refused(
    request: HttpRequest, opened: Opened, box: TryBox, answer: Answer, status: int, is_fragment: bool
) -> HttpResponse:
    if is_fragment:
        # 422 is put into the page; other refusals too, as they are no failures of the hub
        return render(request, "catalog/_try_answer.html", {"answer": answer, "box": box}, status=422)
    return _page(request, opened, box, answer, status)


@require_safe
def answer(request: HttpRequest, namespace: str, name: str, ident: str) -> HttpResponse:
    """The fragment that looks again by itself until there is an answer."""
    if not request.user.is_authenticated:
        raise Unauthenticated("Sign in first.")
    opened = entry_open(request, namespace, name)
    found = answer_get(opened, ident, user=request.user)
    return render(request, "catalog/_try_answer.html", {"answer": found, **answer_at(opened, found)})

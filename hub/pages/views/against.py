"""Two measurements of the same examples: which were fixed, which broken, with the very examples, and whether that is chance."""

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from hub.core.errors import NotFound
from hub.evals.models import Evaluation
from hub.pages.entry import entry_open
from hub.pages.measures import metric_of
from hub.pages.results.changes import KINDS, changes_of, shown
from hub.pages.results.pairing import pairing_of
from hub.pages.results.saying import measure_rows, verdict_sentence
from hub.pages.results.showing import benchmark_of, class_names, class_word
from hub.pages.views.measurement import measurement_get
from hub.pages.views.repo import entry_context

PER_PAGE = 24
WORDS = {"fixed": "Fixed", "broken": "Broken", "both-wrong": "Wrong in both"}


def _other_get(evaluation: Evaluation, ident: str, *, user) -> Evaluation:
    """SECURITY: visible to the asker, and of the same definition: numbers of different meaning are never put side by side."""
    rows = Evaluation.objects.visible_to(user).select_related("repo", "predictions", "data_repo")
    found = rows.filter(pk=ident, definition_digest=evaluation.definition_digest, data_name=evaluation.data_name, data_commit=evaluation.data_commit, split=evaluation.split).first()  # fmt: skip
    if found is None:
        raise NotFound("There is no such measurement of the same definition, or you may not see it.")
    return found


@require_safe
def page(request: HttpRequest, namespace: str, name: str, ident: str, other: str) -> HttpResponse:
    opened = entry_open(request, namespace, name)
    evaluation = measurement_get(opened, ident, user=request.user)
    rival = _other_get(evaluation, other, user=request.user)
    changes = changes_of(evaluation, rival)
    kind = request.GET.get("show", "")
    kind = kind if kind in KINDS else "broken" if changes and changes["broken"] else "fixed"
    names = class_names(opened, evaluation)
    pairing = pairing_of(evaluation, rival)
    context = entry_context(request, opened, "evaluations") | {
        "evaluation": evaluation,
        "rival": rival,
        "metric": metric_of(evaluation.metric),
        "benchmark": benchmark_of(evaluation, user=request.user),
        "pair": pairing,
        "sentence": verdict_sentence(pairing, rival.repo.name) if pairing is not None else "",
        "measures": measure_rows(pairing, rival.repo.name) if pairing is not None else [],
        "classes": [(class_word(names, row.code), row) for row in pairing.classes] if pairing is not None else [],
        "kind": kind,
        "kinds": [(entry, WORDS[entry], len(changes[entry])) for entry in KINDS] if changes is not None else [],
    }
    if changes is not None:
        part = Paginator(changes[kind], PER_PAGE).get_page(request.GET.get("page"))
        examples, reason = shown(evaluation, list(part), user=request.user) if part else ([], "")
        words = [(entry, class_word(names, entry.change.gold), class_word(names, entry.change.mine), class_word(names, entry.change.theirs)) for entry in examples]  # fmt: skip
        context |= {"page": part, "examples": words, "reason": reason}
    return render(request, "catalog/against.html", context)

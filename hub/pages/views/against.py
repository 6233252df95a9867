"""Two measurements of the same examples: which were fixed, which broken, with the very examples, and whether that is chance."""

from typing import Any

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from hub.core.errors import Invalid, NotFound
from hub.evals.models import Evaluation
from hub.evals.pair import ChangedExample, Pair
from hub.evals.pairs import examples_changed, margin_parse, pair_kept, pair_of, with_margin
from hub.pages.entry import entry_open
from hub.pages.measures import metric_of
from hub.pages.numbers import figure
from hub.pages.results.changes import Shown, shown
from hub.pages.results.kept import measured_beside
from hub.pages.results.saying import (
    cut_lines,
    difference_of,
    held_to,
    measure_rows,
    metric_lines,
    no_regression_words,
    verdict_sentence,
)  # fmt: skip
from hub.pages.results.showing import benchmark_of, class_names, class_word
from hub.pages.views.measurement import measurement_get
from hub.pages.views.repo import entry_context
from hub.pages.waiting import said_again

PER_PAGE = 24
MOST_AT_ONCE = 5_000  # more examples than that are worked out by a worker while the page says so
TABS = {"gained": "Fixed", "lost": "Broken", "both_wrong": "Wrong in both"}


@require_safe
def page(request: HttpRequest, namespace: str, name: str, ident: str, other: str) -> HttpResponse:
    opened = entry_open(request, namespace, name)
    evaluation = measurement_get(opened, ident, user=request.user)
    rival = rival_get(other, user=request.user)
    context = entry_context(request, opened, "evaluations") | {
        "evaluation": evaluation,
        "rival": rival,
        "metric": metric_of(evaluation.metric),
        "benchmark": benchmark_of(evaluation, user=request.user),
    }
    margin = margin_parse(request.GET.get("margin"))
    try:
        pair = pair_kept(evaluation, rival)
        if pair is None and evaluation.examples <= MOST_AT_ONCE:
            pair = pair_of(evaluation, rival)
    except Invalid as error:
        return render(request, "catalog/against.html", context | {"refusal": error.message})
    again = said_again(request, seen="", now="" if pair is None else "pair")
    if again is not None:
        return again
    if pair is not None:
        context |= _shown(request, evaluation, rival, with_margin(pair, margin), class_names(opened, evaluation))
    return render(request, "catalog/against.html", context)


@require_safe
def find(request: HttpRequest, namespace: str, name: str) -> HttpResponse:
    """`?parent=&data=`: from an entry and one of its parents to the measurements that can be put beside each other."""
    opened = entry_open(request, namespace, name)
    parent, data = request.GET.get("parent", ""), request.GET.get("data", "")
    found = measured_beside(opened, parent=parent, data=data, user=request.user)
    if found is None:
        raise NotFound("No two measurements of these entries on this dataset mean the same, or you may not see them.")
    return redirect("repo-measurement-against", namespace, name, found[0].pk, found[1].pk)


def rival_get(ident: str, *, user: Any) -> Evaluation:
    """SECURITY: visible to the asker. Whether both mean the same is asked by whoever compares them."""
    rows = Evaluation.objects.visible_to(user).select_related("repo", "predictions", "data_repo")
    found: Evaluation | None = rows.filter(pk=ident).first()
    if found is None:
        raise NotFound("There is no such measurement, or you may not see it.")
    return found


def _shown(
    request: HttpRequest, evaluation: Evaluation, rival: Evaluation, pair: Pair, names: list[str]
) -> dict[str, Any]:
    counts = _counts(pair)
    asked = request.GET.get("show", "")
    kind = asked if asked in counts else "lost" if counts["lost"] != 0 else "gained"
    part = Paginator(examples_changed(evaluation, rival, kind), PER_PAGE).get_page(request.GET.get("page"))  # type: ignore[arg-type]
    examples, reason = shown(evaluation, list(part), user=request.user) if part else ([], "")
    return {
        "pair": pair,
        "difference": held_to(difference_of(pair.difference, metric_of(pair.metric)), pair.p_value),
        "sentence": verdict_sentence(pair, rival.repo.name),
        "metrics": metric_lines(pair),
        "measures": measure_rows(pair, rival.repo.name),
        "classes": cut_lines(pair.classes, pair.metric),
        "slices": cut_lines(pair.slices, pair.metric),
        "no_regression": no_regression_words(pair),
        "margin_points": f"{100 * pair.equivalence.margin:g}" if pair.equivalence is not None else "",
        "margin_query": f"&margin={request.GET['margin'][:40]}" if request.GET.get("margin") else "",
        "kind": kind,
        "kinds": [(entry, TABS[entry], count) for entry, count in counts.items()],
        "page": part,
        "examples": [_says(entry, names) for entry in examples],
        "reason": reason,
    }


def _counts(pair: Pair) -> dict[str, int | None]:
    """None: how many is known only after going through them."""
    if pair.flips is None:
        return {"gained": None, "lost": None}
    return {"gained": pair.flips.gained, "lost": pair.flips.lost, "both_wrong": pair.flips.both_wrong}


def _says(entry: Shown, names: list[str]) -> dict[str, Any]:
    change: ChangedExample = entry.change
    return {
        "entry": entry,
        "gold": _word(change.gold, names),
        "mine": _word(change.first, names) or _score(change.first_score),
        "theirs": _word(change.second, names) or _score(change.second_score),
    }


def _word(value: int | float | str | None, names: list[str]) -> str:
    if value is None:
        return ""
    if isinstance(value, int):
        return class_word(names, value)
    return figure(float(f"{value:.4g}")) if isinstance(value, float) else value[:200]


def _score(value: float | None) -> str:
    return "" if value is None else figure(float(f"{value:.3g}"))

"""/compare?models=: two to five entries side by side. The address holds the whole choice, so that it can be sent to somebody."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.http import require_safe

from hub.catalog.models import Repo
from hub.core.errors import ApplicationError, NotFound
from hub.pages.beside.comparison import SideBySide, side_by_side
from hub.pages.beside.figures import apart_words, distance_figure, distance_table, mean_row, score_figures, score_table
from hub.pages.beside.members import LEAST, MOST, Member, names_of
from hub.pages.beside.near import jobs_measuring, near_of
from hub.pages.beside.sentence import COUNTS, sentence_of
from hub.pages.beside.verdicts import Verdict, verdicts_of
from hub.pages.charts.marks import series_glyph
from hub.pages.views.evaluations import csv_response
from hub.pages.waiting import said_again

OFFERED = 200


@require_safe
def page(request: HttpRequest) -> HttpResponse:
    found, refusal = _found(request)
    members = list(found.members) if isinstance(found, SideBySide) else found
    context: dict[str, Any] = {
        "members": [_head(members, member) for member in members],
        "word": COUNTS[len(members)] if len(members) >= LEAST else "",
        "may_add": len(members) < MOST,
        "offers": _offers(request, members),
        "hides_equal": request.GET.get("equal") == "hide",
        "shared_url": request.build_absolute_uri(f"{reverse('compare')}?{_query(members)}"),
        "refusal": refusal.message if refusal is not None else "",
        "added": request.GET.get("add", "") if refusal is not None else "",
    }
    if isinstance(found, SideBySide):
        waiting = _waiting(request, found)
        context |= _shown(found, waiting["verdicts"]) | waiting
        again = said_again(request, seen=request.GET.get("seen", ""), now=context["seen"])
        if again is not None:
            return again
    elif members:
        context["near"] = [
            (word, [(name, _address([*_references(members), name])) for name in names])
            for word, names in near_of(members[0], user=request.user)
        ]
    return render(request, "catalog/side_by_side.html", context, status=refusal.status if refusal is not None else 200)


def _found(request: HttpRequest) -> tuple[SideBySide | list[Member], ApplicationError | None]:
    """With the one that was typed in; where that is no entry, the others stay and the refusal stands at the field."""
    names = names_of(request.GET.getlist("models"))
    added = names_of([request.GET.get("add", "")])
    try:
        return side_by_side(names_of([*names, *added]), user=request.user), None
    except ApplicationError as error:
        if not added:
            raise
        return side_by_side(names, user=request.user), error


def _waiting(request: HttpRequest, found: SideBySide) -> dict[str, Any]:
    """What is still worked out, and a word for what the page was drawn from: it changes when there is more to see."""
    verdicts = verdicts_of(found.members, found.scores)
    jobs = jobs_measuring(found.members, user=request.user)
    pending = sum(row.is_waiting for row in verdicts) + sum(mean.found.is_waiting for mean in found.means.values())
    measured = sum(score is not None for row in found.scores for score in row.scores)
    seen = f"{pending}-{measured}-{len(jobs)}"
    here = f"{reverse('compare')}?{_query(list(found.members))}"
    return {
        "verdicts": verdicts,
        "measuring": jobs,
        "pending": pending,
        "seen": seen,
        "waiting_url": f"{here}&seen={seen}" if pending or jobs else "",
    }


def _asked(request: HttpRequest) -> list[str]:
    return names_of([*request.GET.getlist("models"), request.GET.get("add", "")])


def _references(members: list[Member]) -> list[str]:
    return [member.reference for member in members]


def _address(names: list[str]) -> str:
    return f"{reverse('compare')}?{urlencode([('models', name) for name in names])}"


def _query(members: list[Member]) -> str:
    return urlencode([("models", member.reference) for member in members])


def _head(members: list[Member], member: Member) -> dict[str, Any]:
    rest = [other for other in members if other is not member]
    return {
        "member": member,
        "glyph": series_glyph(member.series),
        "without_url": f"{reverse('compare')}?{_query(rest)}",
    }


def _shown(found: SideBySide, verdicts: list[Verdict]) -> dict[str, Any]:
    members = list(found.members)
    here = f"{reverse('compare')}?{_query(members)}"
    return {
        "found": found,
        "fact_rows": [{"row": row, "cells": list(zip(row.values, row.differs, strict=True))} for row in found.facts],
        "equal_count": sum(row.is_equal for row in found.facts),
        "show_url": here,
        "hide_url": f"{here}&equal=hide",
        "sentence": sentence_of(found.facts, found.structure),
        "mean_row": mean_row(found.means),
        "figures": score_figures(members, found.scores, found.means, verdicts),
        "apart": apart_words(members, found.scores),
        "distances": distance_figure(members, found.distances) if found.distances else None,
        "api_url": f"{reverse('api-compare')}?{_query(members)}",
    }


def _offers(request: HttpRequest, members: list[Member]) -> list[str]:
    names = Repo.objects.visible_to(request.user, "read").filter(type="model").order_by("full_name")
    taken = {member.full_name for member in members}
    return [name for name in names.values_list("full_name", flat=True)[:OFFERED] if name not in taken]


@require_safe
def as_csv(request: HttpRequest, what: str) -> HttpResponse:
    found = side_by_side(_asked(request), user=request.user)
    if isinstance(found, SideBySide):
        if what == "scores" and found.scores:
            return csv_response("compare-scores", score_table(found.members, found.scores))
        if what == "distances" and found.distances is not None:
            return csv_response("compare-distances", distance_table(found.distances))
    raise NotFound("There is no such table for these entries.")

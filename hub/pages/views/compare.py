"""/compare?models=: two to five entries side by side. The address holds the whole choice, so that it can be sent to somebody."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.http import require_safe

from hub.catalog.models import Repo
from hub.core.errors import NotFound
from hub.pages.beside.comparison import SideBySide, side_by_side
from hub.pages.beside.figures import distance_figure, distance_table, mean_row, score_figures, score_table
from hub.pages.beside.members import MOST, Member, names_of
from hub.pages.beside.verdicts import verdicts_of
from hub.pages.charts.marks import series_glyph
from hub.pages.views.evaluations import csv_response

OFFERED = 200
_WORDS = {2: "two", 3: "three", 4: "four", 5: "five"}


@require_safe
def page(request: HttpRequest) -> HttpResponse:
    found = side_by_side(_asked(request), user=request.user)
    members = list(found.members) if isinstance(found, SideBySide) else found
    context: dict[str, Any] = {
        "members": [_head(members, member) for member in members],
        "word": _WORDS.get(len(members), ""),
        "may_add": len(members) < MOST,
        "offers": _offers(request, members),
        "hides_equal": request.GET.get("equal") == "hide",
        "shared_url": request.build_absolute_uri(f"{reverse('compare')}?{_query(members)}"),
        "columns": len(members) + 1,
    }
    if isinstance(found, SideBySide):
        context |= _shown(found)
    return render(request, "catalog/side_by_side.html", context)


def _asked(request: HttpRequest) -> list[str]:
    return names_of([*request.GET.getlist("models"), request.GET.get("add", "")])


def _query(members: list[Member]) -> str:
    return urlencode([("models", member.reference) for member in members])


def _head(members: list[Member], member: Member) -> dict[str, Any]:
    rest = [other for other in members if other is not member]
    return {
        "member": member,
        "glyph": series_glyph(member.series),
        "without_url": f"{reverse('compare')}?{_query(rest)}",
    }


def _shown(found: SideBySide) -> dict[str, Any]:
    members = list(found.members)
    here = f"{reverse('compare')}?{_query(members)}"
    return {
        "found": found,
        "fact_rows": [{"row": row, "cells": list(zip(row.values, row.differs, strict=True))} for row in found.facts],
        "equal_count": sum(row.is_equal for row in found.facts),
        "show_url": here,
        "hide_url": f"{here}&equal=hide",
        "sentence": _sentence(found),
        "mean_row": mean_row(members, found.scores),
        "verdicts": verdicts_of(members, found.scores),
        "figures": score_figures(members, found.scores),
        "distances": distance_figure(members, found.distances) if found.distances else None,
        "api_url": f"{reverse('api-compare')}?{_query(members)}",
    }


def _sentence(found: SideBySide) -> str:
    """`One shape, one task, two licences.`"""
    parts = []
    structure = found.structure
    if structure.total:
        parts.append(
            "one shape"
            if not structure.differing
            else f"{structure.differing} of {structure.total} tensors differ in form"
        )
    for key, one, many in (
        ("task", "one task", "tasks"),
        ("licence", "one licence", "licences"),
        ("base", "one base", "bases"),
    ):
        values = next((set(row.values) for row in found.facts if row.key == key), set())
        if len(values) == 1:
            parts.append(one)
        elif values:
            parts.append(f"{_WORDS.get(len(values), len(values))} {many}")
    text = ", ".join(parts)
    return f"{text[:1].upper()}{text[1:]}." if text else ""


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

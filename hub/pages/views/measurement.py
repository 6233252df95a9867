"""One measurement: every metric with its interval, calibration, classes, slices, cost, and whom it can be put beside."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from hub.core.errors import NotFound
from hub.evals.models import Evaluation
from hub.pages.charts.figure import Table
from hub.pages.entry import Opened, entry_open
from hub.pages.measures import metric_of
from hub.pages.results.details import details_of
from hub.pages.results.figures import reliability_figure, reliability_table
from hub.pages.results.showing import (
    benchmark_of,
    class_names,
    class_word,
    cost_receipt,
    label_of,
    metric_rows,
    others_of,
)
from hub.pages.views.evaluations import csv_response
from hub.pages.views.repo import entry_context


def measurement_get(opened: Opened, ident: Any, *, user: Any) -> Evaluation:
    """SECURITY: of this entry, and on data that the asker may read."""
    rows = Evaluation.objects.visible_to(user).filter(repo=opened.repo, pk=ident)
    found = rows.select_related("repo", "predictions", "data_repo").first()
    if found is None:
        raise NotFound("There is no such measurement, or you may not see it.")
    return found


@require_safe
def page(request: HttpRequest, namespace: str, name: str, ident: str) -> HttpResponse:
    opened = entry_open(request, namespace, name)
    evaluation = measurement_get(opened, ident, user=request.user)
    details, names = details_of(evaluation), class_names(opened, evaluation)
    csv_url = reverse("repo-measurement-csv", args=[namespace, name, evaluation.pk, "calibration"])
    context = entry_context(request, opened, "evaluations") | {
        "evaluation": evaluation,
        "label": label_of(evaluation, user=request.user),
        "benchmark": benchmark_of(evaluation, user=request.user),
        "metrics": metric_rows(evaluation),
        "metric": metric_of(evaluation.metric),
        "details": details,
        "reliability": reliability_figure(details, csv_url),
        "classes": [(class_word(names, row.code), row, class_word(names, row.taken_for)) for row in details.classes],
        "receipt": cost_receipt(evaluation),
        "others": others_of(opened, evaluation, user=request.user),
    }
    return render(request, "catalog/measurement.html", context)


@require_safe
def as_csv(request: HttpRequest, namespace: str, name: str, ident: str, what: str) -> HttpResponse:
    opened = entry_open(request, namespace, name)
    evaluation = measurement_get(opened, ident, user=request.user)
    details, names = details_of(evaluation), class_names(opened, evaluation)
    table: Table | None = None
    if what == "calibration" and details.bins:
        table = reliability_table(details)
    elif what == "classes" and details.classes:
        rows: list[list[object]] = [
            [class_word(names, row.code), row.n, row.right, row.recall, row.low, row.high, row.precision if row.precision is not None else "", class_word(names, row.taken_for), row.taken_count]
            for row in details.classes
        ]  # fmt: skip
        table = Table(["class", "examples", "right", "recall", "low", "high", "precision", "taken for", "times"], rows)
    elif what == "slices" and details.slices:
        table = Table(["column", "value", "examples", evaluation.metric, "low", "high"], [[row.column, row.text, row.n, row.value, row.low, row.high] for row in details.slices])  # fmt: skip
    if table is None:
        raise NotFound("There is no such table for this measurement.")
    return csv_response(f"{opened.repo.name}-{what}", table)

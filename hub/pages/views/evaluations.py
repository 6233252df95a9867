"""Everything that was measured of an entry, beside its parents, and as CSV."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from hub.core.errors import NotFound
from hub.evals.selectors import evaluations_of
from hub.pages.charts.figure import Table, table_csv
from hub.pages.comparing import comparison_for
from hub.pages.entry import entry_open
from hub.pages.measured import measured, measured_from
from hub.pages.results.kept import kept_context
from hub.pages.results.listing import lines_of
from hub.pages.views.repo import entry_context


def csv_response(name: str, table: Table) -> HttpResponse:
    return HttpResponse(
        table_csv(table),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}.csv"'},
    )


@require_safe
def page(request: HttpRequest, namespace: str, name: str) -> HttpResponse:
    opened = entry_open(request, namespace, name)
    rows = evaluations_of(opened.repo, opened.commit, user=request.user)
    comparison = comparison_for(opened.repo, opened.commit, user=request.user)
    beside = measured_from(opened.repo, opened.commit, comparison)
    context = entry_context(request, opened, "evaluations") | kept_context(opened, comparison)
    context |= {
        "measured": beside,
        "lines": lines_of(opened, rows, comparison, user=request.user),
    }
    return render(request, "catalog/evaluations.html", context)


@require_safe
def as_csv(request: HttpRequest, namespace: str, name: str) -> HttpResponse:
    opened = entry_open(request, namespace, name)
    found = measured(opened, user=request.user) if "all" not in request.GET else None
    if found is not None:
        return csv_response(f"{opened.repo.name}-beside-parents", found.by_model.table)
    rows = evaluations_of(opened.repo, opened.commit, user=request.user)
    if not rows:
        raise NotFound("Nothing has been measured of this entry.")
    head = ["data", "split", "examples", "metric", "value", "low", "high", "measured", "definition"]
    cells: list[list[object]] = [
        [row.data_name, row.split, row.examples, name, *(measure.get(key, "") for key in ("value", "low", "high")), f"{row.created_at:%Y-%m-%d}", row.definition_digest]
        for row in rows
        for name, measure in row.metrics.items()
        if isinstance(measure, dict)
    ]  # fmt: skip
    return csv_response(f"{opened.repo.name}-evaluations", Table(head, cells))

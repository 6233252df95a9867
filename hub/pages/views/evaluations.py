"""Everything that was measured of an entry, beside its parents, and as CSV."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from hub.core.errors import NotFound
from hub.evals.selectors import evaluations_of
from hub.pages.charts.figure import Table, table_csv
from hub.pages.entry import entry_open
from hub.pages.measured import measured
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
    context = entry_context(request, opened, "evaluations") | {
        "measured": measured(opened, user=request.user),
        "rows": evaluations_of(opened.repo, opened.commit, user=request.user),
    }
    return render(request, "catalog/evaluations.html", context)


@require_safe
def as_csv(request: HttpRequest, namespace: str, name: str) -> HttpResponse:
    opened = entry_open(request, namespace, name)
    found = measured(opened, user=request.user)
    if found is not None:
        return csv_response(f"{opened.repo.name}-beside-parents", found.by_model.table)
    rows = evaluations_of(opened.repo, opened.commit, user=request.user)
    if not rows:
        raise NotFound("Nothing has been measured of this entry.")
    head = ["data", "split", "examples", "accuracy", "low", "high"]
    table = Table(
        head,
        [
            [
                row.data_name,
                row.split,
                row.examples,
                *(row.metrics.get("accuracy", {}).get(key, "") for key in ("value", "low", "high")),
            ]
            for row in rows
        ],
    )
    return csv_response(f"{opened.repo.name}-evaluations", table)

"""Leaderboards: the list of them, one as a page, and one as CSV."""

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.http import require_safe

from hub.benchmarks.selectors import benchmarks_visible, versions_of
from hub.evals.filters import filters_parse
from hub.evals.leaderboards import Leaderboard, Row, leaderboard
from hub.evals.overview import boards_overview
from hub.evals.tables import board_csv
from hub.pages.boards.board import board_of, what_words
from hub.pages.boards.choosing import chips_of, choices_of, hidden_fields, sort_heads
from hub.pages.boards.claimed import claimed_rows
from hub.pages.boards.frontier import axis_links, cost_axis, front_lines, frontier_figure
from hub.pages.browsing import url_with
from hub.pages.measures import task_word
from hub.pages.views.benchmarks import version_for

BOARDS_SHOWN = 50
ROWS_SHOWN = 30
COMPARED = 5
LIMIT_FIELDS = ("params_max", "flops_max", "latency_max", "size_max", "base", "q")


@require_safe
def listing(request: HttpRequest) -> HttpResponse:
    page = Paginator(benchmarks_visible(request.user), BOARDS_SHOWN).get_page(request.GET.get("page"))
    lines = boards_overview(user=request.user, versions=list(page))
    context = {
        "page": page,
        "measured": [(line, task_word(line.version.task)) for line in lines if line.entries or line.older],
        "empty": [(line, task_word(line.version.task)) for line in lines if not line.entries and not line.older],
        **_pages(request, page),
    }
    return render(request, "leaderboards/list.html", context)


@require_safe
def board(request: HttpRequest, name: str) -> HttpResponse:
    found, sort = _found(request, name)
    version, came_from = found.version, request.GET.get("from", "")[:200]
    page = Paginator(found.rows, ROWS_SHOWN).get_page(request.GET.get("page"))
    axis = cost_axis(found, request.GET.get("cost", ""))
    csv_url = _with_query(request, reverse("leaderboard-csv", args=[version.benchmark.name]))
    versions = versions_of(user=request.user, benchmark=version.benchmark)
    context = {
        "found": found,
        "version": version,
        "benchmark": version.benchmark,
        "is_newest": versions[0].pk == version.pk,
        "versions": [row for row in versions if row.pk != version.pk],
        "what": what_words(found, task_word(version.task)),
        "board": board_of(found, list(page), came_from=came_from),
        "claimed": claimed_rows(found, {row.repo.pk for row in found.rows}, user=request.user)
        if "claimed" in request.GET
        else None,
        "with_claimed": url_with(request, page=None, claimed="1"),
        "compare_url": _compare_url(list(page)),
        "chips": chips_of(request),
        "choices": choices_of(request, found),
        "heads": sort_heads(request, found, sort),
        "hidden": hidden_fields(request.GET, LIMIT_FIELDS),
        "given": request.GET,
        "with_invalid": url_with(request, page=None, invalid="1"),
        "clear_url": request.path + (f"?version={version.number}" if versions[0].pk != version.pk else ""),
        "frontier": frontier_figure(found, axis, came_from=came_from, csv_url=csv_url),
        "front": front_lines(found, axis),
        "axes": axis_links(request.path, request.GET.dict(), axis),
        "csv_url": csv_url,
        "api_url": _with_query(request, f"/api/v1/leaderboards/{version.benchmark.name}"),
        "page": page,
        **_pages(request, page),
    }
    return render(request, "leaderboards/board.html", context)


@require_safe
def as_csv(request: HttpRequest, name: str) -> HttpResponse:
    found, _ = _found(request, name)
    file = f"{found.version.benchmark.name}-{found.version.number}.csv"
    headers = {"Content-Disposition": f'attachment; filename="{file}"'}
    return HttpResponse(board_csv(found), content_type="text/csv; charset=utf-8", headers=headers)


def _found(request: HttpRequest, name: str) -> tuple[Leaderboard, str]:
    filters, sort = filters_parse(request.GET)
    version = version_for(request, name)
    return leaderboard(user=request.user, version=version, filters=filters, sort=sort), sort


def _compare_url(rows: list[Row]) -> str:
    """The first of this page side by side, where there are two."""
    names = [row.name for row in rows if not row.invalid][:COMPARED]
    return f"{reverse('compare')}?{urlencode([('models', name) for name in names])}" if len(names) > 1 else ""


def _with_query(request: HttpRequest, path: str) -> str:
    kept = request.GET.copy()
    for key in ("page", "from", "cost", "claimed"):
        kept.pop(key, None)
    words = kept.urlencode()
    return f"{path}?{words}" if words else path


def _pages(request: HttpRequest, page) -> dict[str, str]:
    return {
        "next_url": url_with(request, page=str(page.next_page_number())) if page.has_next() else "",
        "first_url": url_with(request, page=None) if page.number > 1 else "",
    }

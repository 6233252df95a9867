"""Leaderboards: the list of them."""

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from hub.benchmarks.selectors import benchmarks_visible
from hub.pages.boards.listing import board_lines
from hub.pages.browsing import url_with

SHOWN = 50


@require_safe
def listing(request: HttpRequest) -> HttpResponse:
    page = Paginator(benchmarks_visible(request.user), SHOWN).get_page(request.GET.get("page"))
    lines = board_lines(list(page), user=request.user)
    context = {
        "page": page,
        "measured": [line for line in lines if line.entries],
        "empty": [line for line in lines if not line.entries],
        "next_url": url_with(request, page=str(page.next_page_number())) if page.has_next() else "",
        "first_url": url_with(request, page=None) if page.number > 1 else "",
    }
    return render(request, "leaderboards/list.html", context)


@require_safe
def board(request: HttpRequest, name: str) -> HttpResponse:
    return redirect("benchmark", name=name)


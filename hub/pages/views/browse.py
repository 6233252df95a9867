"""The lists of models and datasets: words, facets, sort, pages. The address holds the whole state."""

from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.views.decorators.http import require_safe

from hub.catalog.search import SearchQuery, repo_search
from hub.catalog.selectors import hub_counts
from hub.pages.browsing import chips_of, facet_groups, loosened, rows_of, sort_choices, url_with
from hub.pages.histogram import parameter_bars
from hub.pages.words import plural


def _heading(request: HttpRequest, repo_type: str) -> str:
    counts = hub_counts(request.user)
    datasets = counts.pop("dataset", 0)
    entries = sum(counts.values())
    if repo_type == "dataset":
        return f"{datasets} on this hub"
    narrow = counts.get("model", 0) + counts.get("adapter", 0)
    return f"{entries} {plural(entries, 'entry', 'entries')} on this hub, {narrow} of them models or adapters"


def _listing(request: HttpRequest, repo_type: str, template: str) -> HttpResponse:
    query = SearchQuery.from_params(request.GET)
    page = repo_search(user=request.user, query=query, type=repo_type)
    chips = chips_of(request.GET, page.facets, request.path)
    context = {
        "params": request.GET,
        "repo_type": repo_type,
        "count": page.count,
        "count_is_capped": page.count_is_capped,
        "rows": rows_of(page.results, user=request.user),
        "facets": facet_groups(page.facets),
        "chips": chips,
        "bars": parameter_bars(user=request.user, query=query) if repo_type == "model" else None,
        "sorts": sort_choices(query),
        "next_url": url_with(request, cursor=page.next_cursor) if page.next_cursor else "",
        "first_url": url_with(request, cursor=None) if request.GET.get("cursor") else "",
        "api_url": _api_url(request.GET, repo_type),
        "heading": _heading(request, repo_type),
        "page_search": True,
    }
    if not page.results and not request.GET.get("cursor"):
        context["loosened"] = loosened(
            user=request.user, params=request.GET, chips=chips, repo_type=repo_type, path=request.path
        )
    return render(request, template, context)


def _api_url(params: QueryDict, repo_type: str) -> str:
    kept = params.copy()
    kept.pop("cursor", None)
    words = kept.urlencode()
    return f"/api/v1/{repo_type}s" + (f"?{words}" if words else "")


@require_safe
def models(request: HttpRequest) -> HttpResponse:
    return _listing(request, "model", "catalog/models.html")


@require_safe
def datasets(request: HttpRequest) -> HttpResponse:
    return _listing(request, "dataset", "catalog/datasets.html")

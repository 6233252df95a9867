"""What the lists show: rows with scores, facets, chips, and the nearest loosened filters when nothing fits."""

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, QueryDict
from django.utils.safestring import SafeString

from hub.catalog.models import Repo
from hub.catalog.search import SORTS, SearchQuery, repo_search
from hub.pages.charts import strips
from hub.pages.numbers import count_short
from hub.pages.scores import Score, scores_of

RANGE = ("params_min", "params_max")
SORT_WORDS = {
    "relevance": "Best match", "recent": "Last changed", "created": "Newest", "downloads": "Downloads", "likes": "Likes",
    "name": "Name", "smallest": "Smallest", "largest": "Largest",
}  # fmt: skip
MOST_LOOSENED = 3


@dataclass(frozen=True)
class Row:
    repo: Repo
    score: Score | None = None
    strip: SafeString | None = None


@dataclass(frozen=True)
class Chip:
    words: str
    url: str
    key: str
    value: str


@dataclass(frozen=True)
class Loosened:
    words: str
    url: str
    count: int


def rows_of(repos: list[Repo], *, user) -> list[Row]:
    """One ruler for the whole column, so that the eye ranks without reading."""
    scores = scores_of(repos, user=user)
    values = [
        value
        for score in scores.values()
        if score.is_accuracy
        for value in (score.low, score.high)
        if value is not None
    ]
    scale = strips.strip_scale(values, 128.0) if values else None
    return [_row(repo, scores.get(repo.pk), scale) for repo in repos]


def _row(repo: Repo, score: Score | None, scale) -> Row:
    if score is None or scale is None or not score.is_accuracy:
        return Row(repo, score)
    role = "child" if score.is_job_result else "parent"
    title = f"{score.words}, {score.second}"
    return Row(repo, score, strips.draw(scale, role, score.mean, score.low, score.high, title, 128.0))


def url_with(request: HttpRequest, **changes: str | None) -> str:
    params = request.GET.copy()
    for key, value in changes.items():
        params.pop(key, None)
        if value:
            params[key] = value
    words = params.urlencode()
    return f"{request.path}?{words}" if words else request.path


def facet_groups(facets: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Groups with at least two values or a chosen one; a group with nothing to choose only takes room."""
    return [
        facet for facet in facets if len(facet["values"]) > 1 or any(value["selected"] for value in facet["values"])
    ]


def _without(params: QueryDict, path: str, *drops: tuple[str, str | None]) -> str:
    kept = params.copy()
    kept.pop("cursor", None)
    for key, value in drops:
        rest = [] if value is None else [other for other in kept.getlist(key) if other != value]
        if rest:
            kept.setlist(key, rest)
        else:
            kept.pop(key, None)
    words = kept.urlencode()
    return f"{path}?{words}" if words else path


def chips_of(params: QueryDict, facets: list[dict[str, Any]], path: str) -> list[Chip]:
    chips = []
    labels = {
        (facet["name"], str(value["value"])): (facet["label"], value["label"])
        for facet in facets
        for value in facet["values"]
    }
    names = [facet["name"] for facet in facets] + ["base", "owner", "fits"]
    for key in dict.fromkeys(names):
        for value in params.getlist(key):
            if not value:
                continue
            group, word = labels.get((key, value), (key.capitalize(), value))
            chips.append(Chip(f"{group}: {word}", _without(params, path, (key, value)), key, value))
    low, high = (params.get(key, "") for key in RANGE)
    if low or high:
        chips.append(
            Chip(_range_words(low, high), _without(params, path, *((key, None) for key in RANGE)), "params", "")
        )
    return chips


def _range_words(low: str, high: str) -> str:
    def short(text: str) -> str:
        try:
            return count_short(float(text))
        except ValueError:
            return text

    if low and high:
        return f"{short(low)} to {short(high)} parameters"
    return f"from {short(low)} parameters" if low else f"up to {short(high)} parameters"


def sort_choices(query: SearchQuery) -> list[dict[str, Any]]:
    """Best match only where there are words to match."""
    names = [name for name in SORTS if name != "relevance" or query.q]
    return [{"value": name, "word": SORT_WORDS[name], "selected": name == query.order} for name in names]


def loosened(*, user, params: QueryDict, chips: list[Chip], repo_type: str, path: str) -> list[Loosened]:
    """What each single step back would show, most first. Only a few steps are counted: each is a search of its own."""
    steps = [(f"Drop “{chip.words}”", chip.url) for chip in chips[:MOST_LOOSENED]]
    if params.get("q"):
        steps.append((f"Drop the words “{params['q']}”", _without(params, path, ("q", None))))
    found = []
    for words, url in steps:
        query = SearchQuery.from_params(QueryDict(url.partition("?")[2]))
        page = repo_search(user=user, query=query, type=repo_type)
        found.append(Loosened(words, url, page.count))
    return sorted(found, key=lambda step: -step.count)

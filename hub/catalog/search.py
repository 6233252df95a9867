"""Search by words and facets: the same for site and API."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.contrib.postgres.search import SearchQuery as TextQuery
from django.contrib.postgres.search import SearchRank
from django.db.models import F, FloatField, QuerySet
from django.db.models.functions import Cast
from django.http import QueryDict

from hub.accounts.models import User
from hub.catalog.derived import word_parts
from hub.catalog.facets import FACETS, facets_of
from hub.catalog.memory import bytes_parse, count_parse, memory_expression
from hub.catalog.models import Repo
from hub.core.errors import Invalid
from hub.core.pagination import Slice, keyset_slice, limit_of

COUNT_CAP = 10_000
MAX_WORDS = 16
SORTS: dict[str, tuple[str, ...]] = {
    "relevance": ("-rank", "id"),
    "recent": ("-updated_at", "id"),
    "created": ("-created_at", "id"),
    "downloads": ("-downloads", "id"),
    "likes": ("-likes", "id"),
    "name": ("full_name", "id"),
    "smallest": ("parameters", "id"),
    "largest": ("-parameters", "id"),
}


@dataclass(frozen=True)
class SearchQuery:
    """`chosen` holds the values picked in each facet: any of them within one facet, all of the facets together."""

    q: str = ""
    chosen: dict[str, tuple[str, ...]] = field(default_factory=dict)
    parameters_min: int | None = None
    parameters_max: int | None = None
    fits_bytes: int | None = None
    sort: str = ""
    cursor: str | None = None
    limit: int = 50

    @classmethod
    def from_params(cls, params: QueryDict) -> "SearchQuery":
        """A value out of range is an error: a search that quietly drops a filter gives wrong rows."""
        q = params.get("q", "").replace("\0", "").strip()
        if len(q) > 500:
            raise Invalid(f"The search has {len(q)} characters; at most 500 are read.")
        sort = params.get("sort", "")
        if sort and sort not in SORTS:
            raise Invalid(f"{sort[:40]!r} is not an order. Choose one of {', '.join(SORTS)}.")
        if sort == "relevance" and not q:
            sort = ""
        chosen = {
            name: tuple(text for value in params.getlist(name) if (text := value.replace("\0", "")))[:50]
            for name in FACETS
        }
        return cls(
            q=q,
            chosen={name: values for name, values in chosen.items() if values},
            parameters_min=_optional(params, "params_min", count_parse),
            parameters_max=_optional(params, "params_max", count_parse),
            fits_bytes=_optional(params, "fits", bytes_parse),
            sort=sort,
            cursor=params.get("cursor") or None,
            limit=limit_of(params.get("limit")),
        )

    @property
    def order(self) -> str:
        return self.sort or ("relevance" if self.q else "recent")


@dataclass(frozen=True)
class Counted:
    """`count` is exact up to the cap; above it, `count_is_capped` and it reads "more than"."""

    count: int
    count_is_capped: bool
    facets: list[dict[str, Any]]


@dataclass(frozen=True)
class Page(Counted):
    """`results` are repos, or with `columns` dictionaries of these."""

    results: list[Any]
    next_cursor: str | None


def repo_search(*, user: User | AnonymousUser | None, query: SearchQuery, type: str = "model") -> Page:
    rows = repos_found(user=user, query=query, type=type)
    counted = repos_counted(user=user, query=query, type=type)
    return Page(counted.count, counted.count_is_capped, counted.facets, rows.rows, rows.next)


def repos_found(
    *, user: User | AnonymousUser | None, query: SearchQuery, type: str = "model", columns: Sequence[str] = ()
) -> Slice:
    """One page. With `columns` plain dictionaries instead of repos: a list endpoint makes fifty of them per answer."""
    rows: QuerySet[Any] = _with_facets(_without_facets(_readable(user, type), query), query)
    order = SORTS[query.order]
    if query.order == "relevance":
        words = _text_query(query.q) or TextQuery("", config="simple")
        rows = rows.annotate(rank=Cast(SearchRank(F("words"), words), FloatField()))
    if columns:
        rows = rows.values(*dict.fromkeys((*columns, *(name.removeprefix("-") for name in order))))
    else:
        rows = rows.select_related("namespace").defer("words", "card")
    return keyset_slice(rows, order, cursor=query.cursor, limit=query.limit, scope=f"repos:{type}")


def repos_counted(*, user: User | AnonymousUser | None, query: SearchQuery, type: str = "model") -> Counted:
    """How many there are, and of what. The same for every page and every order of a search."""
    base = _without_facets(_readable(user, type), query)
    count = _with_facets(base, query).order_by()[: COUNT_CAP + 1].count()
    facets = facets_of(query.chosen, lambda left_out: _with_facets(base, query, left_out))
    return Counted(min(count, COUNT_CAP), count > COUNT_CAP, facets)


def _readable(user: User | AnonymousUser | None, type: str) -> QuerySet[Repo]:
    return Repo.objects.visible_to(user, "read").filter(type=type)


def filtered(queryset: QuerySet[Repo], query: SearchQuery) -> QuerySet[Repo]:
    return _with_facets(_without_facets(queryset, query), query)


def without(query: SearchQuery, **changes: Any) -> SearchQuery:
    """The query with something changed and from its first page: for "nothing found, but without this filter there are 12"."""
    return replace(query, cursor=None, **changes)


def _without_facets(repos: QuerySet[Repo], query: SearchQuery) -> QuerySet[Repo]:
    if query.q:
        words = _text_query(query.q)
        repos = repos.none() if words is None else repos.filter(words=words)
    if query.parameters_min is not None:
        repos = repos.filter(parameters__gte=query.parameters_min)
    if query.parameters_max is not None:
        repos = repos.filter(parameters__lte=query.parameters_max)
    if query.fits_bytes is not None:
        repos = (
            repos.filter(parameters__gt=0).alias(memory=memory_expression()).filter(memory__lte=float(query.fits_bytes))
        )
    return repos


def _with_facets(repos: QuerySet[Repo], query: SearchQuery, left_out: str = "") -> QuerySet[Repo]:
    for name, values in query.chosen.items():
        if name != left_out:
            lookup = "bases__overlap" if name == "base" else f"{FACETS[name].column}__in"
            repos = repos.filter(**{lookup: list(values)})
    return repos


def _text_query(text: str) -> TextQuery | None:
    """Every word must begin a word of the entry; `ViTBase` finds itself and `vit-base`. Only letters, digits and underscores get through:
    nothing can be read as an operator."""
    terms = []
    for part, pieces in word_parts(text.lower() if text.isupper() else text)[:MAX_WORDS]:
        together = " & ".join(f"'{piece.lower()}':*" for piece in pieces[:MAX_WORDS])
        terms.append(f"('{part.lower()}':* | ({together}))" if len(pieces) > 1 else f"'{part.lower()}':*")
    return TextQuery(" & ".join(terms), search_type="raw", config="simple") if terms else None


def _optional(params: QueryDict, name: str, parse: Any) -> int | None:
    text = params.get(name, "")
    return parse(text, name) if text else None

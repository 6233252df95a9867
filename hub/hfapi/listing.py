"""Filters and orders of the HF listings. A filter this hub cannot apply is an error, never a list of wrong rows."""

from django.db.models import ExpressionWrapper, F, FloatField, Q, QuerySet, Value
from django.db.models.functions import Cast, Extract, Ln
from django.http import QueryDict

from hub.catalog.memory import count_parse
from hub.catalog.models import Repo
from hub.core.errors import Invalid

_DECAY_S = 7 * 86_400.0
# Steady under paging: interest counts by its logarithm, and a week of age weighs as much as a factor e of it.
TREND = ExpressionWrapper(
    Ln(Value(1.0) + Cast(F("downloads"), FloatField()) + Value(5.0) * Cast(F("likes"), FloatField()))
    + Cast(Extract("created_at", "epoch"), FloatField()) / Value(_DECAY_S),
    output_field=FloatField(),
)
SORTS = {
    "createdAt": "-created_at", "created_at": "-created_at", "lastModified": "-updated_at", "last_modified": "-updated_at",
    "downloads": "-downloads", "likes": "-likes", "trendingScore": "-trend", "trending_score": "-trend", "trending": "-trend",
}  # fmt: skip
_NO_OPS = {"limit", "sort", "direction", "full", "config", "cardData", "expand", "expand[]", "cursor"}
_UNKNOWABLE = {"apps", "inference", "inference_provider", "trained_dataset", "emissions_thresholds"}


def repos_filter(repos: QuerySet[Repo], params: QueryDict) -> QuerySet[Repo]:
    for name in params:
        values = [value for value in params.getlist(name) if value]
        if name in _NO_OPS or not values:
            continue
        if name in _UNKNOWABLE:
            return repos.none()  # nothing here is served by anybody, so nothing fits
        for value in values:
            repos = repos.filter(_condition(name, value))
    return repos


def _condition(name: str, value: str) -> Q:
    if name == "search":
        return Q(full_name__icontains=value)
    if name == "author":
        return Q(namespace__name__iexact=value)
    if name in ("filter", "tags"):
        return Q(tags__contains=[value]) | Q(task=value) | Q(library=value) | Q(languages__contains=[value])
    if name in ("pipeline_tag", "task"):
        return Q(task=value)
    if name == "library":
        return Q(library=value) | Q(tags__contains=[value])
    if name == "gated":
        return Q(gated="") if value.lower() == "false" else ~Q(gated="")
    if name == "num_parameters":
        return _parameters(value)
    raise Invalid(f"This hub does not know the filter {name[:40]!r}.")


def _parameters(text: str) -> Q:
    """`min:3B,max:7B`."""
    condition = Q()
    for part in text.split(","):
        bound, _, number = part.partition(":")
        if bound.strip() not in ("min", "max"):
            raise Invalid(f"num_parameters is {text[:40]!r}. Write it like min:3B,max:7B.")
        lookup = "parameters__gte" if bound.strip() == "min" else "parameters__lte"
        condition &= Q(**{lookup: count_parse(number, "num_parameters")})
    return condition

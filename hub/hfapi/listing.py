"""Filters and orders of the HF listings. A filter this hub cannot apply is an error, never a list of wrong rows."""

from math import exp

from django.db.models import ExpressionWrapper, F, FloatField, Q, QuerySet, Value
from django.db.models.functions import Cast, Extract, Ln
from django.http import QueryDict
from django.utils import timezone

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
_GATES = {"true": ~Q(gated=""), "false": Q(gated=""), "auto": Q(gated="auto"), "manual": Q(gated="manual")}
_NO_OPS = {"limit", "sort", "direction", "full", "config", "cardData", "expand", "expand[]", "cursor"}
_UNKNOWABLE = {"apps", "inference", "inference_provider", "emissions_thresholds"}


def trending_score(repo: Repo) -> float:
    """What TREND orders by, as a number that people can read: interest, halved about every five days of age."""
    age_s = (timezone.now() - repo.created_at).total_seconds()
    return round((1 + repo.downloads + 5 * repo.likes) * exp(-max(0.0, age_s) / _DECAY_S), 3)


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
        return _tagged(value)
    if name in ("language", "languages"):
        return Q(languages__contains=[value.removeprefix("language:")])
    if name in ("trained_dataset", "dataset"):
        return Q(tags__contains=[f"dataset:{value.removeprefix('dataset:')}"])
    if name in ("pipeline_tag", "task"):
        return Q(task=value)
    if name == "library":
        return Q(library=value) | Q(tags__contains=[value])
    if name == "gated":
        if value.lower() not in _GATES:
            raise Invalid(f"gated is {value[:20]!r}. Write true, false, auto or manual.")
        return _GATES[value.lower()]
    if name == "num_parameters":
        return _parameters(value)
    raise Invalid(f"This hub does not know the filter {name[:40]!r}.")


def _tagged(value: str) -> Q:
    """A tag, or one of the facts that other hubs show as tags."""
    condition = Q(tags__contains=[value]) | Q(task=value) | Q(library=value) | Q(languages__contains=[value])
    if value.startswith("language:"):
        condition |= Q(languages__contains=[value.removeprefix("language:")])
    return condition


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

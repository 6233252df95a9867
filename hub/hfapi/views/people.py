"""Users and organisations from outside: what everybody may know of them, with counts of what the asker may see."""

from typing import Any

from django.db.models import Count
from django.http import HttpRequest, HttpResponse, JsonResponse

from hub.accounts.models import Namespace
from hub.accounts.selectors import namespace_get, organisation_get, user_get
from hub.catalog.models import Repo
from hub.catalog.usage import usage_of
from hub.core.errors import NotFound
from hub.hfapi.endpoint import asker_of, endpoint, user_of
from hub.hfapi.pages import page_of
from hub.hfapi.wire import date_text
from hub.hfapi.wire_people import organisation_json, user_json


@endpoint("GET")
def user_overview(request: HttpRequest, name: str) -> HttpResponse:
    user = user_get(name=name)
    namespace = Namespace.objects.filter(owner=user).first()
    organisations = Namespace.objects.filter(kind="organisation", memberships__user=user).order_by("name")
    return JsonResponse(
        {
            **user_json(user), **_counts(request, namespace), "details": namespace.about if namespace else "", "numLikes": user.likes.count(),
            "numFollowers": 0, "numFollowing": 0, "numDiscussions": 0, "numPapers": 0, "numUpvotes": 0, "createdAt": date_text(user.date_joined),
            "orgs": [organisation_json(row) for row in organisations if _knows(request, row)],
        }
    )  # fmt: skip


@endpoint("GET")
def organisation_overview(request: HttpRequest, name: str) -> HttpResponse:
    namespace = _organisation(name)
    body = {
        **organisation_json(namespace),
        **_counts(request, namespace),
        "details": namespace.about,
        "numFollowers": 0,
        "numPapers": 0,
    }
    if _knows(request, namespace):
        body["numUsers"] = namespace.memberships.count()
    return JsonResponse(body)


@endpoint("GET")
def members(request: HttpRequest, name: str) -> HttpResponse:
    namespace = organisation_get(user=user_of(request), name=name)
    rows = namespace.memberships.filter(user__service_of=None).select_related("user").order_by("user__username")
    return page_of(request, rows, lambda row: user_json(row.user))


@endpoint("GET")
def followers(request: HttpRequest, name: str) -> HttpResponse:
    """Nobody follows anybody here; whoever asks about somebody unknown hears that."""
    namespace_get(name)
    return JsonResponse([], safe=False)


@endpoint("GET")
def repositories(request: HttpRequest, name: str = "") -> HttpResponse:
    """What a namespace stores, for those who put things into it."""
    user = user_of(request)
    namespace = organisation_get(user=user, name=name) if name else namespace_get(user.username)
    used = usage_of(namespace).by_repo
    rows = Repo.objects.visible_to(user, "write").filter(namespace=namespace).order_by("-size_bytes", "id")
    return page_of(request, rows, lambda repo: _stored(repo, used))


def _stored(repo: Repo, used: Any) -> dict[str, Any]:
    return {
        "_id": repo.pk.hex, "id": repo.full_name, "type": repo.type, "visibility": repo.visibility, "private": repo.visibility == "private",
        "updatedAt": date_text(repo.updated_at), "storage": used.get(repo.pk, 0), "storagePercent": 0,
    }  # fmt: skip


def _organisation(name: str) -> Namespace:
    namespace = namespace_get(name)
    if namespace.kind != "organisation":
        raise NotFound(f"There is no organisation {name[:96]!r}.")
    return namespace


def _knows(request: HttpRequest, namespace: Namespace) -> bool:
    """SECURITY: who belongs to an organisation is known to its members and to administrators."""
    asker = asker_of(request)
    return asker.is_authenticated and (asker.is_superuser or namespace.memberships.filter(user_id=asker.pk).exists())


def _counts(request: HttpRequest, namespace: Namespace | None) -> dict[str, int]:
    rows = Repo.objects.visible_to(asker_of(request), "read").filter(namespace=namespace)
    counts = dict(rows.values_list("type").annotate(count=Count("pk"))) if namespace is not None else {}
    return {"numModels": counts.get("model", 0), "numDatasets": counts.get("dataset", 0), "numSpaces": 0}

"""Likes, and the people who give them."""

from django.http import HttpRequest, HttpResponse, JsonResponse

from hub.accounts.selectors import user_get
from hub.catalog.likes import like_set, likers_of, likes_of
from hub.hfapi.endpoint import asker_of, endpoint, repo_of, user_of
from hub.hfapi.pages import page_of
from hub.hfapi.wire import date_text
from hub.hfapi.wire_people import user_json


@endpoint("POST", "DELETE", scope="write")
def like(request: HttpRequest, kind: str, ns: str, name: str) -> HttpResponse:
    like_set(user=user_of(request), repo=repo_of(request, kind, ns, name), liked=request.method == "POST")
    return JsonResponse({})


@endpoint("GET")
def likers(request: HttpRequest, kind: str, ns: str, name: str) -> HttpResponse:
    return page_of(request, likers_of(repo_of(request, kind, ns, name)), user_json)


@endpoint("GET")
def likes(request: HttpRequest, user: str) -> HttpResponse:
    rows = likes_of(user=user_get(name=user), asker=asker_of(request))
    return page_of(
        request, rows, lambda row: {"createdAt": date_text(row.created_at), "repo": {"name": row.repo.full_name, "type": row.repo.type}}
    )  # fmt: skip

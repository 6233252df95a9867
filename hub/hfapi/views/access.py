"""Gated repos: asking for access, and deciding on it."""

from typing import Any

from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, JsonResponse

from hub.accounts.models import User
from hub.accounts.selectors import user_get
from hub.catalog.gates import access_ask, access_decide, access_requests
from hub.catalog.models import AccessRequest, Repo
from hub.core.errors import Invalid, NotFound
from hub.hfapi.bodies import json_body, text_field
from hub.hfapi.endpoint import endpoint, repo_of, user_of
from hub.hfapi.wire import date_text


@endpoint("POST", scope="write")
def ask(request: HttpRequest, ns: str, name: str, kind: str = "models") -> HttpResponse:
    repo = repo_of(request, kind, ns, name)
    message = text_field(json_body(request), "message", default="", limit=1000) if request.body else ""
    asked = access_ask(user=user_of(request), repo=repo, message=message)
    return JsonResponse({"status": asked.state})


@endpoint("GET", "POST", scope="read")
def requests(request: HttpRequest, kind: str, ns: str, name: str, deed: str) -> HttpResponse:
    """GET pending, accepted or rejected; POST handle (a request that is there) or grant (somebody who has not asked)."""
    if request.method == "GET":
        repo = repo_of(request, kind, ns, name, "admin")
        rows = access_requests(user=user_of(request), repo=repo, state=deed)
        return JsonResponse([_row(row) for row in rows], safe=False)
    repo = repo_of(request, kind, ns, name, "admin")
    if deed not in ("handle", "grant"):
        raise Invalid(f"{deed[:20]!r} is not a deed. Use handle or grant.")
    document = json_body(request)
    user = _user_of(repo, document)
    state: Any = "accepted" if deed == "grant" else text_field(document, "status", limit=20)
    reason = text_field(document, "rejectionReason", default="", limit=500)
    access_decide(asker=user_of(request), repo=repo, user=user, state=state, reason=reason)
    return JsonResponse({"status": state})


def _user_of(repo: Repo, document: dict[str, Any]) -> User:
    """By name, or by the request's own number."""
    if document.get("requestId") is None:
        return user_get(name=text_field(document, "user", limit=150))
    try:
        row = repo.access_requests.select_related("user").get(pk=text_field(document, "requestId", limit=40))
    except (AccessRequest.DoesNotExist, ValidationError):
        raise NotFound("There is no such request for access.") from None
    return row.user


def _row(row: AccessRequest) -> dict[str, Any]:
    body: dict[str, Any] = {
        "requestId": str(row.pk),
        "user": {
            "_id": str(row.user.pk), "user": row.user.username, "fullname": row.user.full_name or row.user.username,
            "email": row.user.email or None, "avatarUrl": "", "type": "user", "isPro": False,
        },
        "status": row.state, "timestamp": date_text(row.created_at), "fields": {"message": row.message} if row.message else None,
    }  # fmt: skip
    if row.reason:
        body["rejectionReason"] = row.reason
    return body

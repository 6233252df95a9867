"""Making, changing and deleting repos."""

from typing import Any

from django.db import transaction
from django.http import HttpRequest, HttpResponse, JsonResponse

from hub.catalog.errors import RepoMissing
from hub.catalog.gates import gate_set
from hub.catalog.selectors import repo_get
from hub.catalog.services import repo_create, repo_delete, repo_move, repo_update
from hub.core.errors import Conflict, Invalid
from hub.hfapi.bodies import json_body, text_field
from hub.hfapi.endpoint import TYPES, asker_of, endpoint, repo_of, user_of
from hub.hfapi.errors import NotOffered, error_response
from hub.hfapi.wire import repo_url

# Absent means private: what somebody sends by accident is then not shown to the world.
DEFAULT_VISIBILITY = "private"


@endpoint("POST", scope="write")
def create(request: HttpRequest) -> HttpResponse:
    user = user_of(request)
    document = json_body(request)
    namespace, name, type_ = _address(document, user.username)
    visibility = _visibility(document) or DEFAULT_VISIBILITY
    try:
        repo = repo_create(user=user, type=type_, namespace=namespace, name=name, visibility=visibility)
    except Conflict as error:
        # `exist_ok` of the client reads the address out of this answer
        present = repo_get(user=asker_of(request), full_name=f"{namespace}/{name}", type=type_)
        return error_response(error, request, {"url": repo_url(present, request)})
    return JsonResponse({"url": repo_url(repo, request), "name": repo.full_name, "id": repo.pk.hex})


@endpoint("DELETE", scope="write")
def delete(request: HttpRequest) -> HttpResponse:
    user = user_of(request)
    namespace, name, type_ = _address(json_body(request), user.username)
    repo_delete(user=user, repo=repo_get(user=user, full_name=f"{namespace}/{name}", type=type_, action="admin"))
    return HttpResponse()


@endpoint("POST", scope="write")
def move(request: HttpRequest) -> HttpResponse:
    user = user_of(request)
    document = json_body(request)
    kind = text_field(document, "type", default="model", limit=20)
    repo = repo_get(user=user, full_name=text_field(document, "fromRepo", limit=200), type=kind, action="admin")
    namespace, _, name = text_field(document, "toRepo", limit=200).partition("/")
    repo = repo_move(user=user, repo=repo, namespace=namespace, name=name)
    return JsonResponse({"url": repo_url(repo), "name": repo.full_name})


@endpoint("PUT", scope="write")
def settings(request: HttpRequest, kind: str, ns: str, name: str) -> HttpResponse:
    repo = repo_of(request, kind, ns, name, "admin")
    document = json_body(request)
    user, visibility, gated = user_of(request), _visibility(document), document.get("gated")
    if gated not in (None, False, "auto", "manual"):
        raise Invalid('gated is neither "auto" nor "manual" nor false.')
    with transaction.atomic():
        if visibility is not None:
            repo = repo_update(user=user, repo=repo, visibility=visibility)
        if gated is not None:
            repo = gate_set(user=user, repo=repo, gated=gated or "")
    return JsonResponse(
        {"private": repo.visibility == "private", "visibility": repo.visibility, "gated": repo.gated or False}
    )


def _address(document: dict[str, Any], own: str) -> tuple[str, str, str]:
    name = text_field(document, "name", limit=200)
    namespace = text_field(document, "organization", default="", limit=100)
    if not namespace and "/" in name:
        namespace, _, name = name.partition("/")
    kind = text_field(document, "type", default="model", limit=20)
    if kind == "space":
        raise NotOffered("This hub holds models and datasets; it has no spaces.")
    if kind not in TYPES.values():
        raise Invalid(f"{kind!r} is not a type of repo. Choose model or dataset.")
    return namespace or own, name, kind


def _visibility(document: dict[str, Any]) -> str | None:
    if document.get("visibility") is not None:
        return text_field(document, "visibility", limit=20)
    private = document.get("private")
    if private is None:
        return None
    if not isinstance(private, bool):
        raise Invalid("private is neither true nor false.")
    return "private" if private else "public"


@endpoint("GET", "HEAD", "POST", "PUT", "DELETE")
def without_namespace(request: HttpRequest, **_: str) -> HttpResponse:
    """`bert-base` without a namespace: other hubs have such names, here every repo has an owner."""
    raise RepoMissing()

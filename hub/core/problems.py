"""`application/problem+json` (RFC 9457) out of whatever went wrong under the API."""

import logging
from collections.abc import Iterator, Mapping
from http import HTTPStatus
from typing import Any

from django.core.exceptions import PermissionDenied, RequestDataTooBig
from django.core.signals import got_request_exception
from django.db import InterfaceError, OperationalError
from django.http import Http404, JsonResponse
from rest_framework import exceptions
from rest_framework.response import Response
from rest_framework.views import set_rollback

from hub.core.errors import (
    NOT_VISIBLE,
    ApplicationError,
    Forbidden,
    Invalid,
    NotFound,
    TooLarge,
    TooMany,
    Unauthenticated,
    Unavailable,
)

CONTENT_TYPE = "application/problem+json"
log = logging.getLogger(__name__)


def body(*, status: int, code: str, title: str, detail: str, **extra: Any) -> dict[str, Any]:
    """`type` is about:blank: `code` is the stable name that scripts test."""
    problem = {"type": "about:blank", "title": title, "status": status, "detail": detail, "code": code}
    return problem | {name: value for name, value in extra.items() if value}


def body_of(error: ApplicationError) -> dict[str, Any]:
    findings = [finding.model_dump(mode="json") for finding in error.findings]
    return body(
        status=error.status,
        code=error.code,
        title=error.title,
        detail=error.message,
        findings=findings,
        errors=[dict(entry) for entry in error.errors],
    )


def json_response(*, status: int, code: str, title: str, detail: str) -> JsonResponse:
    """For places outside the REST framework: unknown routes and the last-resort handler."""
    return JsonResponse(
        body(status=status, code=code, title=title, detail=detail), status=status, content_type=CONTENT_TYPE
    )


def handle(error: Exception, context: Mapping[str, Any]) -> Response:
    known = _translate(error)
    if known is None:
        return _unexpected(error, context)
    set_rollback()
    headers = dict(known.headers)
    if known.status == 401:
        headers.setdefault("WWW-Authenticate", 'Bearer realm="genepool"')
    return Response(body_of(known), status=known.status, headers=headers, content_type=CONTENT_TYPE)


def _unexpected(error: Exception, context: Mapping[str, Any]) -> Response:
    """Ours. Logged with its traceback, told without it; the signal lets error reporters and the test client see it."""
    request = context.get("request")
    log.error("unexpected error in the API", exc_info=error)
    set_rollback()
    got_request_exception.send(sender=type(context.get("view")), request=getattr(request, "_request", request))
    problem = body(
        status=500,
        code="errored",
        title="This is our fault",
        detail="Something broke on the server. It was logged; nothing of your request was kept.",
    )
    return Response(problem, status=500, content_type=CONTENT_TYPE)


def _translate(error: Exception) -> ApplicationError | None:
    """Errors of Django and the REST framework in our words."""
    if isinstance(error, ApplicationError):
        return error
    if isinstance(error, Http404 | exceptions.NotFound):
        return NotFound()
    if isinstance(error, OperationalError | InterfaceError):
        log.error("the database does not answer", exc_info=error)
        return Unavailable("The database does not answer in time. Try again in a moment.", headers={"Retry-After": "5"})
    if isinstance(error, RequestDataTooBig):
        return TooLarge("The body is larger than this server reads in one request.")
    if isinstance(error, exceptions.NotAuthenticated | exceptions.AuthenticationFailed):
        return Unauthenticated(str(error.detail), headers=getattr(error, "headers", None))
    if isinstance(error, PermissionDenied | exceptions.PermissionDenied):
        return Forbidden(str(getattr(error, "detail", error)) or NOT_VISIBLE)
    if isinstance(error, exceptions.ValidationError):
        return Invalid("Some fields are not right.", errors=list(_flatten(error.detail)))
    if isinstance(error, exceptions.Throttled):
        wait = int(getattr(error, "wait", None) or 1) + 1
        return TooMany(f"Too many requests. Try again in {wait} s.", headers={"Retry-After": str(wait)})
    if isinstance(error, exceptions.APIException):
        return _other(error)
    return None


def _other(error: exceptions.APIException) -> ApplicationError:
    """405, 406, 415 and parse errors keep their status; only the form is ours."""
    status = HTTPStatus(error.status_code)
    known = ApplicationError(str(error.detail))
    known.status, known.code, known.title = status.value, error.default_code, status.phrase  # type: ignore[misc]
    return known


def _flatten(detail: Any, where: str = "") -> Iterator[dict[str, str]]:
    if isinstance(detail, dict):
        for name, inner in detail.items():
            step = "" if name == "non_field_errors" else f"[{name}]" if isinstance(name, int) else f".{name}"
            yield from _flatten(inner, f"{where}{step}".removeprefix("."))
    elif isinstance(detail, list):
        for position, inner in enumerate(detail):
            is_leaf = not isinstance(inner, dict | list)
            yield from _flatten(inner, where if is_leaf else f"{where}[{position}]")
    else:
        yield {"where": where, "message": str(detail)}

import json

import pytest
from django.core.exceptions import PermissionDenied, RequestDataTooBig
from django.db import OperationalError
from django.http import Http404
from django.test import RequestFactory
from rest_framework import exceptions, serializers

from hub.core import errors, handlers
from hub.core.errors import exception_handler
from workers.contracts.findings import Finding

FINDING = Finding(code="unknown_key", severity="error", message="densty is not a key.", where="sources[0].densty")


def _handled(error: Exception):
    return exception_handler(error, {})


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (errors.Invalid("x"), 400, "invalid"),
        (errors.Unauthenticated("x"), 401, "unauthenticated"),
        (errors.Forbidden("x"), 403, "forbidden"),
        (errors.NotFound(), 404, "not_found"),
        (errors.Conflict("x"), 409, "conflict"),
        (errors.PreconditionFailed("x"), 412, "precondition_failed"),
        (errors.TooLarge("x"), 413, "too_large"),
        (errors.Refused("x"), 422, "refused"),
        (errors.TooMany("x"), 429, "too_many"),
        (errors.Unavailable("x"), 503, "unavailable"),
        (Http404(), 404, "not_found"),
        (PermissionDenied(), 403, "forbidden"),
        (RequestDataTooBig(), 413, "too_large"),
        (exceptions.NotAuthenticated(), 401, "unauthenticated"),
        (exceptions.MethodNotAllowed("PUT"), 405, "method_not_allowed"),
        (exceptions.ParseError("bad"), 400, "parse_error"),
        (exceptions.UnsupportedMediaType("text/csv"), 415, "unsupported_media_type"),
        (exceptions.Throttled(wait=3), 429, "too_many"),
        (OperationalError("the connection is closed"), 503, "unavailable"),
    ],
)
def test_every_error_becomes_a_problem_document(error, status, code):
    response = _handled(error)
    assert response.status_code == status == response.data["status"]
    assert response.data["code"] == code
    assert response.content_type == "application/problem+json"
    assert set(response.data) == {"type", "title", "status", "detail", "code"}
    assert response.data["detail"]


def test_not_there_and_not_visible_read_the_same():
    assert _handled(errors.NotFound()).data["detail"] == "There is no such entry, or you may not see it."
    assert _handled(errors.NotFound()).data == _handled(Http404("secret/name")).data


def test_a_refusal_carries_all_its_findings():
    data = _handled(errors.Refused("1 error stops this recipe.", findings=[FINDING])).data
    assert data["findings"][0]["where"] == "sources[0].densty"
    assert data["findings"][0]["repair"] == []
    json.dumps(data)


def test_field_errors_say_where():
    error = serializers.ValidationError(
        {"scopes": [["a"], ["b"]], "output": {"repo": ["needed"]}, "non_field_errors": ["both"]}
    )
    assert _handled(error).data["errors"] == [
        {"where": "scopes[0]", "message": "a"},
        {"where": "scopes[1]", "message": "b"},
        {"where": "output.repo", "message": "needed"},
        {"where": "", "message": "both"},
    ]


def test_extra_headers_arrive():
    assert _handled(errors.Unauthenticated("x", headers={"X-Error-Message": "no"}))["X-Error-Message"] == "no"
    assert _handled(errors.Unauthenticated("x"))["WWW-Authenticate"].startswith("Bearer")
    assert _handled(exceptions.Throttled(wait=3))["Retry-After"] == "4"


def test_the_unexpected_is_told_without_its_inside(caplog):
    response = _handled(RuntimeError("password is 1234 at /srv/secret"))
    assert response.status_code == 500
    assert "1234" not in json.dumps(response.data)
    assert "1234" in caplog.text


@pytest.mark.parametrize("status", [400, 403, 404, 500])
def test_errors_outside_the_framework_are_problems_under_the_api(status):
    request = RequestFactory().get("/api/v1/nothing")
    response = {
        400: lambda: handlers.bad_request(request, Exception()),
        403: lambda: handlers.permission_denied(request, Exception()),
        404: lambda: handlers.not_found(request, Exception()),
        500: lambda: handlers.server_error(request),
    }[status]()
    assert response.status_code == status
    assert response["Content-Type"] == "application/problem+json"
    assert json.loads(response.content)["status"] == status

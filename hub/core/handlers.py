"""The last resort outside the REST framework: a problem document under /api/v1, a page everywhere else."""

from django.http import HttpRequest, HttpResponse
from django.views import defaults

from hub.core import problems
from hub.core.errors import NOT_VISIBLE


def _is_api(request: HttpRequest) -> bool:
    return request.path.startswith("/api/v1/") or request.path == "/api/v1"


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    if _is_api(request):
        return problems.json_response(
            status=400, code="invalid", title="The request is not right", detail="The request cannot be read."
        )
    return defaults.bad_request(request, exception)


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    if _is_api(request):
        return problems.json_response(
            status=403, code="forbidden", title="You may not do this", detail="You may not do this."
        )
    return defaults.permission_denied(request, exception)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    if _is_api(request):
        return problems.json_response(status=404, code="not_found", title="Not found", detail=NOT_VISIBLE)
    return defaults.page_not_found(request, exception)


def server_error(request: HttpRequest) -> HttpResponse:
    if _is_api(request):
        return problems.json_response(
            status=500,
            code="errored",
            title="This is our fault",
            detail="Something broke on the server. It was logged.",
        )
    return defaults.server_error(request)

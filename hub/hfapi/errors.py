"""Errors on the HF wire: the client picks its exception by `X-Error-Code` and shows `X-Error-Message`; HEAD has no other channel."""

from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse

from hub.catalog.errors import EntryMissing, RepoGated, RepoMissing, RevisionMissing
from hub.core.errors import ApplicationError

_CODES = {
    RepoMissing: "RepoNotFound", RevisionMissing: "RevisionNotFound", EntryMissing: "EntryNotFound", RepoGated: "GatedRepo",
}  # fmt: skip


class NotOffered(ApplicationError):
    """501 is not repeated by clients, unlike 500, 502, 503 and 504."""

    status, code, title = 501, "not_implemented", "Not offered"


class MethodNotAllowed(ApplicationError):
    status, code, title = 405, "method_not_allowed", "Method not allowed"


def error_response(
    error: ApplicationError, request: HttpRequest, extra: Mapping[str, Any] | None = None
) -> HttpResponse:
    """`error` as status, headers and `{"error": …}`; findings go along for whoever reads them."""
    status, code = error.status, _CODES.get(type(error), "")
    if isinstance(error, NotOffered):
        code = "NotImplemented"
    if isinstance(error, RepoMissing | RepoGated) and not getattr(request, "asker_is_known", False):
        status = 401  # signing in might show it; the client reads this as a missing repo all the same
    body: dict[str, Any] = {"error": error.message, **(extra or {})}
    if error.findings:
        body["findings"] = [finding.model_dump(mode="json") for finding in error.findings]
    response = JsonResponse(body, status=status)
    response["X-Error-Message"] = header_text(error.message)
    if code:
        response["X-Error-Code"] = code
    if isinstance(error, EntryMissing) and error.commit_oid:
        response["X-Repo-Commit"] = error.commit_oid
    if isinstance(error, NotOffered):
        response._has_been_logged = True  # type: ignore[attr-defined]  # as meant: no alert for it
    if status == 401:
        response["WWW-Authenticate"] = 'Bearer realm="genepool"'
    for name, value in error.headers.items():
        response[name] = value
    return response


def header_text(text: str) -> str:
    """Printable ASCII in one line: anything else would not survive a header."""
    return "".join(
        character if " " <= character <= "~" else "?" if not character.isspace() else " " for character in text
    )[:900]

"""Errors that reach people, one class per reason, and their one form on the wire: RFC 9457 `application/problem+json`.

Services raise these; they never build responses. `hub.core.problems` turns them into answers.
"""

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

from rest_framework.response import Response

from workers.contracts.findings import Finding

NOT_VISIBLE = "There is no such entry, or you may not see it."


class ApplicationError(Exception):
    """`message` is shown to people: no host paths, no secrets. `errors` are field errors: `{"where": …, "message": …}`."""

    status: ClassVar[int] = 400
    code: ClassVar[str] = "error"
    title: ClassVar[str] = "This did not work"

    def __init__(
        self,
        message: str,
        *,
        findings: Iterable[Finding] = (),
        errors: Iterable[Mapping[str, Any]] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.findings = tuple(findings)
        self.errors = tuple(errors)
        self.headers = dict(headers or {})


class Invalid(ApplicationError):
    status, code, title = 400, "invalid", "The request is not right"


class Unauthenticated(ApplicationError):
    status, code, title = 401, "unauthenticated", "Sign in first"


class Forbidden(ApplicationError):
    status, code, title = 403, "forbidden", "You may not do this"


class NotFound(ApplicationError):
    """Not there and not visible read the same, so that nobody learns which names exist."""

    status, code, title = 404, "not_found", "Not found"

    def __init__(self, message: str = NOT_VISIBLE, **rest: Any) -> None:
        super().__init__(message, **rest)


class Conflict(ApplicationError):
    status, code, title = 409, "conflict", "This clashes with what is there"


class LengthRequired(ApplicationError):
    status, code, title = 411, "length_required", "Length required"


class PreconditionFailed(ApplicationError):
    status, code, title = 412, "precondition_failed", "It changed meanwhile"


class TooLarge(ApplicationError):
    status, code, title = 413, "too_large", "Too large"


class Refused(ApplicationError):
    """Understood, and refused with reasons: carries findings."""

    status, code, title = 422, "refused", "This cannot be done as asked"


class TooMany(ApplicationError):
    status, code, title = 429, "too_many", "Too many requests"


class Unavailable(ApplicationError):
    status, code, title = 503, "unavailable", "Not available now"


def exception_handler(error: Exception, context: Mapping[str, Any]) -> Response:
    """The EXCEPTION_HANDLER of the REST framework; `problems` is imported late because it needs this module's classes."""
    from hub.core import problems

    return problems.handle(error, context)

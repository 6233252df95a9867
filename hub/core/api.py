"""The base of every view under /api/v1: JSON whatever the Accept header says, a cap on bodies, rate limits with their headers."""

from typing import Any, ClassVar

from rest_framework.exceptions import APIException
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from hub.core.errors import ApplicationError, Invalid, LengthRequired, NotFound, TooLarge
from hub.core.ratelimit import ANONYMOUS, USER, Limit, Usage, address_of, headers_add, limit_count, too_many

BODY_LIMIT_BYTES = 2**20


class FirstRenderer(BaseContentNegotiation):
    """A browser that asks for HTML gets the JSON too, instead of 406."""

    def select_parser(self, request: Request, parsers: Any) -> Any:
        kind = (request.content_type or "").partition(";")[0].strip().lower()
        return next((parser for parser in parsers if parser.media_type == kind), None)

    def select_renderer(self, request: Request, renderers: Any, format_suffix: str | None = None) -> Any:
        return renderers[0], renderers[0].media_type


class ApiView(APIView):
    """`limits` gives methods a limit of their own beside the general one: `{"POST": Limit("submit", 30, 3600)}`; `body_limit_bytes` caps every body."""

    content_negotiation_class = FirstRenderer
    limits: ClassVar[dict[str, Limit]] = {}
    body_limit_bytes: ClassVar[int] = BODY_LIMIT_BYTES
    _usage: Usage | None = None

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        if request.META.get("HTTP_TRANSFER_ENCODING"):
            # under WSGI it would read as empty, and what was asked for would quietly become the default
            raise LengthRequired("Send the body with a Content-Length.")
        length = request.META.get("CONTENT_LENGTH") or "0"
        if not length.isdigit() or int(length) > self.body_limit_bytes:
            raise TooLarge(f"The body has {length[:20]} bytes. The limit is {self.body_limit_bytes}.")
        if "%00" in request.get_full_path():
            raise Invalid("The address holds the character NUL.")
        super().initial(request, *args, **kwargs)

    def perform_authentication(self, request: Request) -> None:
        try:
            super().perform_authentication(request)
        except (ApplicationError, APIException):
            # SECURITY: wrong tokens count too, by address, or they could be tried without end.
            self._count(ANONYMOUS, address_of(request))
            raise

    def check_throttles(self, request: Request) -> None:
        is_user = bool(request.user and request.user.is_authenticated)
        who = f"u{request.user.pk}" if is_user else address_of(request)
        self._count(USER if is_user else ANONYMOUS, who)
        if request.method in self.limits:
            self._count(self.limits[request.method], who)

    def _count(self, limit: Limit, who: str) -> None:
        usage = limit_count(limit, who)
        if usage is None:
            return
        self._usage = usage
        if usage.is_over:
            raise too_many(usage)

    def finalize_response(self, request: Request, response: Response, *args: Any, **kwargs: Any) -> Response:
        response = super().finalize_response(request, response, *args, **kwargs)
        headers_add(response, self._usage)
        response.headers.setdefault("Cache-Control", "private, no-store")
        return response


class UnknownRoute(ApiView):
    """The last route of the API: what nobody else answers is a problem document, not a page."""

    permission_classes = ()
    schema = None

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        raise NotFound(f"There is no {request.method} {request.path}.")

    def http_method_not_allowed(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        raise NotFound(f"There is no {request.method} {request.path}.")

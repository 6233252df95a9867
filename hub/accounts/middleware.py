"""What the accounts need to know of every request: where it comes from, and which device a session lives on."""

from collections.abc import Callable
from ipaddress import ip_address
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render

from hub.accounts.audit import sender
from hub.accounts.sessions import device_seen
from hub.core.ratelimit import Usage, address_of, headers_add, request_count, too_many


class Sender:
    """Puts the caller's address where `audit` finds it, for as long as the request lasts."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        before = sender.set(sender_address(request))
        try:
            response = self.get_response(request)
            device_seen(request, sender.get())
            return response
        finally:
            sender.reset(before)


class PageLimits:
    """The general limits for pages. The APIs count for themselves, once they know whose token it is."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        headers_add(response, getattr(request, "rate_usage", None))
        return response

    def process_view(self, request: HttpRequest, view: Any, args: Any, kwargs: Any) -> HttpResponse | None:
        if getattr(view, "csrf_exempt", False):  # the mark of both APIs, which count by token
            return None
        usage = request_count(request, request.user)  # type: ignore[attr-defined]
        request.rate_usage = usage  # type: ignore[attr-defined]
        if usage is None or not usage.is_over:
            return None
        return render(request, "error.html", _words(usage), status=429)


def _words(usage: Usage) -> dict[str, Any]:
    error = too_many(usage)
    return {"status": error.status, "heading": error.title, "detail": error.message, "findings": ()}


def sender_address(request: HttpRequest) -> str | None:
    """SECURITY: behind a proxy this is text of a header. What is no address is not kept."""
    try:
        return str(ip_address(address_of(request)))
    except ValueError:
        return None

"""What the accounts need to know of every request: where it comes from, and which device a session lives on."""

from collections.abc import Callable
from ipaddress import ip_address

from django.http import HttpRequest
from django.http.response import HttpResponseBase

from hub.accounts.audit import sender
from hub.accounts.sessions import device_seen
from hub.core.ratelimit import address_of


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


def sender_address(request: HttpRequest) -> str | None:
    """SECURITY: behind a proxy this is text of a header. What is no address is not kept."""
    try:
        return str(ip_address(address_of(request)))
    except ValueError:
        return None

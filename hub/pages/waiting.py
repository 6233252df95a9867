"""Pages that look again by themselves: a line says what is still worked out, asks every few seconds, and loads the page anew once it is there."""

from django.http import HttpRequest, HttpResponse
from django_htmx.http import HttpResponseClientRefresh

LINE = "waiting"  # the id of the line in the page


def asks_again(request: HttpRequest) -> bool:
    """Whether it is the waiting line that asks, and not a person."""
    htmx = getattr(request, "htmx", None)
    return bool(htmx) and htmx.target == LINE


def said_again(request: HttpRequest, *, seen: str, now: str) -> HttpResponse | None:
    """To the line that asks: nothing has changed (204), or the page is to be loaded anew. None for anybody else.

    `seen` is what the page that asks was drawn from, `now` what it would be drawn from.
    """
    if not asks_again(request):
        return None
    return HttpResponse(status=204) if seen == now else HttpResponseClientRefresh()

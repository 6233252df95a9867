"""Lists that nobody walks to their end while they change: pages by number, `Link` to the next."""

from collections.abc import Callable
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, JsonResponse

from hub.core.errors import Invalid
from hub.hfapi.links import link_next

PAGE = 100


def page_of(request: HttpRequest, rows: "QuerySet[Any] | list[Any]", row_json: Callable[[Any], Any]) -> HttpResponse:
    number = request.GET.get("p", "0")
    if not number.isascii() or not number.isdigit() or len(number) > 6:
        raise Invalid(f"p is {number[:20]!r}. Write the number of a page, from 0.")
    start = int(number) * PAGE
    found = list(rows[start : start + PAGE + 1])
    response = JsonResponse([row_json(row) for row in found[:PAGE]], safe=False)
    if len(found) > PAGE:
        link_next(request, response, p=int(number) + 1)
    return response

"""`Link: <…>; rel="next"`: followed word for word, with the token, so always on the configured address."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse


def link_next(request: HttpRequest, response: HttpResponse, **changes: str | int) -> None:
    query = request.GET.copy()
    for name, value in changes.items():
        query[name] = str(value)
    response["Link"] = (
        f'<{settings.SITE_URL}{request.get_full_path_info().partition("?")[0]}?{query.urlencode()}>; rel="next"'
    )

"""Counts requests and the time they take. `metrics.py` shows the counts."""

import time
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from prometheus_client import Counter, Histogram

REQUESTS = Counter("hub_http_requests", "Requests answered", ["route", "method", "status"])
SECONDS = Histogram("hub_http_request_seconds", "Time to answer", ["route"])


def route_of(request: HttpRequest) -> str:
    """The pattern, never the path: names of repos and people are no labels, and their number has no bound."""
    match = request.resolver_match
    return match.route if match else "unknown"


class RequestMetrics:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        started = time.perf_counter()
        response = self.get_response(request)
        route = route_of(request)
        REQUESTS.labels(route, request.method or "", str(response.status_code)).inc()
        SECONDS.labels(route).observe(time.perf_counter() - started)
        return response

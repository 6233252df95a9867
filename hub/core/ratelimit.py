"""How often one may ask. Fixed windows counted in the shared cache, so that all web processes count together."""

import logging
import math
import time
from dataclasses import dataclass
from typing import Any, cast

from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from redis.exceptions import RedisError
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from hub.core.errors import TooMany

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Limit:
    """`count` requests per `window_s` seconds. `name` keeps the counters of different limits apart."""

    name: str
    count: int
    window_s: int


ANONYMOUS = Limit("anonymous", 60, 60)
USER = Limit("user", 600, 60)
UPLOAD = Limit("upload", 30, 3600)


@dataclass(frozen=True)
class Usage:
    limit: Limit
    used: int
    reset_s: int

    @property
    def remaining(self) -> int:
        return max(self.limit.count - self.used, 0)

    @property
    def is_over(self) -> bool:
        return self.used > self.limit.count

    def headers(self) -> dict[str, str]:
        """The fields of the IETF draft in its present form and its former one: clients read either. Retry-After once it is too much."""
        name = self.limit.name
        fields = {
            "RateLimit": f'"{name}";r={self.remaining};t={self.reset_s}',
            "RateLimit-Policy": f'"{name}";q={self.limit.count};w={self.limit.window_s}',
            "RateLimit-Limit": str(self.limit.count),
            "RateLimit-Remaining": str(self.remaining),
            "RateLimit-Reset": str(self.reset_s),
        }
        return fields | ({"Retry-After": str(self.reset_s)} if self.is_over else {})


def limit_count(limit: Limit, who: str, *, now: float | None = None) -> Usage | None:
    """Counts one request of `who`. None when limits are off, or when the counter cannot be reached: a lost cache must not stop reading."""
    if not settings.RATE_LIMITS_ON:
        return None
    now = time.time() if now is None else now
    window, reset_s = int(now // limit.window_s), math.ceil(limit.window_s - now % limit.window_s)
    key = f"rate:{limit.name}:{window}:{who}"
    try:
        cache.add(key, 0, timeout=limit.window_s + 5)
        return Usage(limit, cache.incr(key), reset_s)
    except ValueError:
        # The key expired between the two calls: this request opens the next window.
        return Usage(limit, 1, reset_s)
    except RedisError as error:
        log.warning("rate limits are not counted: the cache does not answer (%s)", type(error).__name__)
        return None


def limit_check(limit: Limit, who: str) -> None:
    """Counts, and raises `TooMany` once it is too much: for views outside /api/v1, whose base class does this by itself."""
    usage = limit_count(limit, who)
    if usage is not None and usage.is_over:
        raise too_many(usage)


def request_count(request: HttpRequest, user: Any) -> Usage | None:
    """Counts one request of anybody against the general limit."""
    is_user = bool(user and user.is_authenticated)
    return limit_count(USER if is_user else ANONYMOUS, f"u{user.pk}" if is_user else address_of(request))


def session_check(limit: Limit, who: str, what: str) -> None:
    """Counts `who` once for everything that concerns `what` within the window: sending a repo of a hundred files is one upload."""
    if not settings.RATE_LIMITS_ON:
        return
    try:
        is_new = cache.add(f"rate-session:{limit.name}:{who}:{what}", 1, timeout=limit.window_s)
    except RedisError as error:
        log.warning("rate limits are not counted: the cache does not answer (%s)", type(error).__name__)
        return
    if not is_new:
        return
    try:
        limit_check(limit, who)
    except TooMany:
        cache.delete(f"rate-session:{limit.name}:{who}:{what}")
        raise


def headers_add(response: HttpResponseBase, usage: Usage | None) -> None:
    for name, value in (usage.headers() if usage else {}).items():
        response.headers.setdefault(name, value)


def too_many(usage: Usage) -> TooMany:
    message = f"More than {usage.limit.count} requests in {usage.limit.window_s} s. Try again in {usage.reset_s} s."
    return TooMany(message, headers=usage.headers())


def address_of(request: HttpRequest) -> str:
    """The caller's address. SECURITY: X-Forwarded-For counts only as far as PROXY_COUNT says that proxies of ours wrote it."""
    return str(BaseThrottle().get_ident(cast(Request, request)) or "unknown")

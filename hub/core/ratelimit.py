"""How often one may ask. Fixed windows counted in the shared cache, so that all web processes count together."""

import logging
import math
import time
from dataclasses import dataclass

from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest
from redis.exceptions import RedisError
from rest_framework.throttling import BaseThrottle

from hub.core.errors import TooMany

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Limit:
    """`count` requests per `window_s` seconds. `name` keeps the counters of different limits apart."""

    name: str
    count: int
    window_s: int


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
        """The header fields of the IETF draft that clients read today, plus Retry-After once it is too much."""
        fields = {
            "RateLimit-Limit": str(self.limit.count),
            "RateLimit-Remaining": str(self.remaining),
            "RateLimit-Reset": str(self.reset_s),
            "RateLimit-Policy": f"{self.limit.count};w={self.limit.window_s}",
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


def too_many(usage: Usage) -> TooMany:
    message = f"More than {usage.limit.count} requests in {usage.limit.window_s} s. Try again in {usage.reset_s} s."
    return TooMany(message, headers=usage.headers())


def address_of(request: HttpRequest) -> str:
    """The caller's address. SECURITY: X-Forwarded-For counts only as far as PROXY_COUNT says that proxies of ours wrote it."""
    return str(BaseThrottle().get_ident(request) or "unknown")

"""What lies in the cache is signed: Redis holds it for us, and may be shared or reached by others.

SECURITY: the values are pickles, and unpickling runs what a pickle says. Without this whoever may write to Redis runs code here.
"""

import hashlib
import hmac
import logging
import pickle
from typing import Any

from django.conf import settings
from django.core.cache.backends.redis import RedisCache
from redis.exceptions import RedisError

logger = logging.getLogger(__name__)
_MARK_BYTES = hashlib.sha256().digest_size


class ForgetfulCache(RedisCache):
    """A cache that may be away: then nothing is known and nothing is kept, and pages are only slower.

    Counters are not forgiven: `add` and `incr` raise, so that a limit knows that it did not count.
    """

    def get(self, key: str, default: Any = None, version: int | None = None) -> Any:
        try:
            return super().get(key, default, version)
        except RedisError as error:
            logger.warning("cache not read: %s", error)
            return default

    def set(self, key: str, value: Any, *args: Any, **kwargs: Any) -> None:
        try:
            super().set(key, value, *args, **kwargs)
        except RedisError as error:
            logger.warning("cache not written: %s", error)


class SignedSerializer:
    """The SERIALIZER of the Redis cache. What was not written with our SECRET_KEY reads as absent."""

    def dumps(self, value: Any) -> bytes | int:
        if type(value) is int:  # counters stay numbers, so that Redis can add to them
            return value
        content = pickle.dumps(value, pickle.HIGHEST_PROTOCOL)
        return _mark(content) + content

    def loads(self, stored: bytes) -> Any:
        try:
            return int(stored)
        except ValueError:
            mark, content = stored[:_MARK_BYTES], stored[_MARK_BYTES:]
        if not hmac.compare_digest(mark, _mark(content)):
            return None
        return pickle.loads(content)  # noqa: S301 SECURITY: signed by us, looked at above


def _mark(content: bytes) -> bytes:
    return hmac.new(b"genepool.cache:" + settings.SECRET_KEY.encode(), content, hashlib.sha256).digest()

"""What lies in the cache is signed: Redis holds it for us, and may be shared or reached by others.

SECURITY: the values are pickles, and unpickling runs what a pickle says. Without this whoever may write to Redis runs code here.
"""

import hashlib
import hmac
import pickle
from typing import Any

from django.conf import settings

_MARK_BYTES = hashlib.sha256().digest_size


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

"""How many uploads one process takes at once: fewer than it has threads, so that slow ones do not keep the others from being answered."""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import BoundedSemaphore

from hub.core.errors import TooMany

_PLACES = BoundedSemaphore(6)


@contextmanager
def upload_place() -> Iterator[None]:
    if not _PLACES.acquire(blocking=False):
        raise TooMany("Too many uploads at once. The next place is free soon.", headers={"Retry-After": "3"})
    try:
        yield
    finally:
        _PLACES.release()

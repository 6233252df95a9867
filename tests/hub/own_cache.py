"""Each test process has a Redis database of its own for the cache: emptying one empties nobody else's counters, nor the broker."""

import os
from collections.abc import Iterator
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

import pytest

DATABASES = 15  # Redis has 16; the broker has the first


def number_of(worker: str) -> int:
    """`gw3` is the fourth process of a parallel run; a run on its own is the first."""
    return 1 + int(worker.removeprefix("gw") or 0) % DATABASES


def address_with(url: str, number: int) -> str:
    """The same Redis, another of its databases. A socket's address names it in the query, a host's in the path."""
    if url.startswith("unix:"):
        address, _, query = url.partition("?")
        return f"{address}?{urlencode({**dict(parse_qsl(query)), 'db': number})}"
    return urlunsplit(urlsplit(url)._replace(path=f"/{number}"))


@pytest.fixture(scope="session", autouse=True)
def _own_cache() -> Iterator[None]:
    from django.conf import settings
    from django.test.utils import override_settings

    default = settings.CACHES["default"]
    location = address_with(default["LOCATION"], number_of(os.environ.get("PYTEST_XDIST_WORKER", "")))
    with (
        pytest.MonkeyPatch.context() as patch,
        override_settings(CACHES={"default": {**default, "LOCATION": location}}),
    ):
        patch.setenv("CACHE_URL", location)  # for processes that a test starts
        yield

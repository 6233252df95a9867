"""The table of the protocol keeps up with its routes."""

import re

import pytest

from hub.hfapi.urls import urlpatterns

_WORDS = sorted(
    {word for pattern in urlpatterns for word in re.findall(r"[a-z]{3,}(?:-[a-z0-9]+)+", str(pattern.pattern))}
)


@pytest.mark.parametrize("word", _WORDS)
def test_every_route_stands_in_the_table(db, client, word):
    answer = client.get("/docs/hub-protocol")
    assert answer.status_code == 200
    assert word in answer.content.decode()

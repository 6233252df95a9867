"""Clients that send slowly and then go, against the real server: their place is free again, and nothing of them is kept."""

import hashlib
import json
import socket
from collections.abc import Iterator
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

import pytest

from hub.blobs.models import Blob
from hub.blobs.services import driver
from tests.factories.accounts import make_token
from tests.factories.catalog import make_repo, weights
from tests.hub.faults.looking import leftovers
from tests.hub.real_server import served

pytestmark = [pytest.mark.journey, pytest.mark.hostile, pytest.mark.django_db(transaction=True)]
ROOT = Path(__file__).resolve().parents[3]
CONTENT = weights(tensors={"a": (64, 1024)})
OID = hashlib.sha256(CONTENT).hexdigest()


@pytest.fixture
def hub_url(child_environment, settings, tmp_path) -> Iterator[str]:
    environment = {**child_environment, "STORAGE_URL": settings.STORAGE_URL}
    with served(environment, tmp_path / "server.log", "tests/hub/faults/server_with_one_place.py") as url:
        yield url


def batch(hub_url: str, token: str) -> str:
    """Where the bytes go."""
    document = {"operation": "upload", "transfers": ["basic"], "objects": [{"oid": OID, "size": len(CONTENT)}]}
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    asked = Request(f"{hub_url}/alice/thing.git/info/lfs/objects/batch", json.dumps(document).encode(), headers)
    with urlopen(asked) as answer:
        return str(json.load(answer)["objects"][0]["actions"]["upload"]["href"])


def put(href: str, pieces: Iterator[bytes], *, hang_up: bool = False) -> int:
    """Sends these pieces of what was announced as the whole, then hangs up or says nothing any more. The status of the answer."""
    parts = urlsplit(href)
    connection = HTTPConnection(str(parts.hostname), parts.port, timeout=60)
    connection.putrequest("PUT", f"{parts.path}?{parts.query}")
    connection.putheader("Content-Length", str(len(CONTENT)))
    connection.endheaders()
    for piece in pieces:
        connection.send(piece)
    if hang_up:
        connection.sock.shutdown(socket.SHUT_WR)
    with connection.getresponse() as answer:
        return answer.status


@pytest.mark.parametrize("hang_up", [True, False], ids=["hangs up", "falls silent"])
def test_the_place_of_one_that_is_gone_is_free(alice, hub_url, hang_up):
    make_repo(alice, "thing")
    href = batch(hub_url, make_token(alice, "write"))
    drips = (CONTENT[at : at + 100] for at in range(0, 20_000, 100))
    assert put(href, drips, hang_up=hang_up) == 400
    assert not Blob.objects.filter(pk=OID).exists()
    assert leftovers(driver()) == []
    assert put(href, iter([CONTENT])) == 200, "the only place is free again"
    assert driver().stat(OID) == len(CONTENT)


def test_heads_that_never_end_keep_nobody_out(hub_url):
    parts = urlsplit(hub_url)
    slow = [socket.create_connection((str(parts.hostname), parts.port), timeout=30) for _ in range(6)]
    try:
        for connection in slow:
            connection.sendall(b"GET / HTTP/1.1\r\nHost: hub\r\nX-Slow: ")
        with urlopen(f"{hub_url}/healthz", timeout=30) as answer:
            assert answer.status == 200
        assert [connection.recv(1) for connection in slow] == [b""] * len(slow), "the hub has hung up on each"
    finally:
        for connection in slow:
            connection.close()

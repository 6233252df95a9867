"""Reading from other hubs reaches nobody else: not by redirect, not by name, not by a second answer of the name server."""

import socket

import pytest

from hub.core import http_client
from hub.core.http_client import Blocked, HttpError
from hub.core.outbound import Reader, Refusal, Rules, TooMuch
from tests.hub.imports.fake_hub import FakeHub

pytestmark = pytest.mark.hostile


@pytest.fixture
def hubs():
    started = []

    def start(**options) -> FakeHub:
        started.append(FakeHub({"f.txt": b"content"}, **options))
        return started[-1]

    yield start
    for hub in started:
        hub.close()


def redirect(target: str, status: int = 302):
    def answer(handler, path) -> bool:
        if path == "/start":
            handler.send(status, b"", {"Location": target})
        return path == "/start"

    return answer


def names(monkeypatch, *answers: str) -> list[str]:
    """The name server gives one answer after the other; gives the list of addresses that were connected to."""
    left, reached = list(answers), []

    def getaddrinfo(host, port, *_, **__):
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (left.pop(0), port))]

    def connect(address, timeout=None):
        reached.append(address[0])
        raise ConnectionRefusedError

    monkeypatch.setattr(http_client.socket, "getaddrinfo", getaddrinfo)
    monkeypatch.setattr(http_client.socket, "create_connection", connect)
    return reached


@pytest.mark.parametrize(
    "target",
    [
        "http://127.0.0.1/", "http://169.254.169.254/latest/meta-data/", "http://hub.example/", "file:///etc/passwd", "ftp://hub.example/",
        "gopher://127.0.0.1:6379/_x", "https://user:secret@hub.example/", "https://hub.example/\nX: y", "//", "https://", "http://[::1]/",
    ],
)  # fmt: skip
def test_what_is_not_plain_https_is_not_followed(target):
    with pytest.raises(Blocked):
        Rules("https://hub.example").judge(target)


@pytest.mark.parametrize(
    "address", ["127.0.0.1", "10.1.2.3", "169.254.169.254", "100.64.0.1", "::ffff:127.0.0.1", "fd00::1", "0.0.0.0"]
)
def test_a_name_that_leads_inside_is_refused(monkeypatch, address):
    reached = names(monkeypatch, address)
    with pytest.raises(Blocked, match="IMPORT_PRIVATE_HOSTS"):
        Reader(Rules("https://hub.example")).get("https://hub.example/x")
    assert reached == []


def test_a_second_answer_of_the_name_server_changes_nothing(monkeypatch):
    reached = names(monkeypatch, "1.1.1.1", "127.0.0.1")
    reader = Reader(Rules("https://hub.example"))
    for _ in range(3):
        with pytest.raises(HttpError):
            reader.get("https://hub.example/x")
    assert set(reached) == {"1.1.1.1"}


def test_a_public_source_cannot_send_us_to_a_listed_neighbour():
    rules = Rules("https://hub.example", private_hosts=("inner.example",))
    with pytest.raises(Blocked):
        rules.judge("http://inner.example/secret")


def test_a_redirect_to_another_door_of_this_machine_is_not_followed(hubs):
    inner, outer = hubs(), hubs()
    outer.answer = redirect(f"{inner.url}/secret")
    with pytest.raises(Blocked):
        Reader(Rules(outer.url, private_hosts=(f"127.0.0.1:{outer.port}",))).get(f"{outer.url}/start")
    assert inner.asked == []


def test_the_token_stays_with_the_endpoint(hubs):
    store, hub = hubs(), hubs()
    hub.answer = redirect(f"{store.url}/x/resolve/{'a' * 40}/f.txt", 307)
    reader = Reader(Rules(hub.url, private_hosts=("127.0.0.1",)), token="hub_secret")
    body, _ = reader.bytes(f"{hub.url}/start", limit=100)
    assert body == b"content"
    assert hub.asked[0][1]["Authorization"] == "Bearer hub_secret"
    assert "Authorization" not in store.asked[0][1]
    assert all("cookie" not in {name.lower() for name in headers} for _, headers in [*hub.asked, *store.asked])


def test_going_round_in_circles_ends(hubs):
    hub = hubs()
    hub.answer = redirect("/start")
    with pytest.raises(HttpError, match="round in circles"):
        Reader(Rules(hub.url, private_hosts=("127.0.0.1",))).get(f"{hub.url}/start")
    assert len(hub.asked) == 4


def test_proxies_of_the_environment_are_not_used(hubs, monkeypatch):
    for name in ("http_proxy", "HTTP_PROXY", "ALL_PROXY", "https_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    hub = hubs()
    reader = Reader(Rules(hub.url, private_hosts=("127.0.0.1",)))
    assert reader.bytes(f"{hub.url}/x/resolve/{'a' * 40}/f.txt", limit=100)[0] == b"content"


def test_a_drip_is_cut(hubs):
    hub = hubs()
    rules = Rules(hub.url, private_hosts=("127.0.0.1",))
    answer = Reader(rules).get(f"{hub.url}/x/resolve/{'a' * 40}/f.txt")
    moments = iter([0.0, 61.0, 122.0])
    with pytest.raises(HttpError, match="too slowly"):
        list(answer.chunks(100, clock=lambda: next(moments)))


def test_no_more_is_read_than_was_announced(hubs):
    hub = hubs()
    with pytest.raises(TooMuch):
        Reader(Rules(hub.url, private_hosts=("127.0.0.1",))).bytes(f"{hub.url}/x/resolve/{'a' * 40}/f.txt", limit=3)


def test_a_connection_serves_one_request_after_the_other(hubs):
    hub = hubs()
    ports = set()

    def note(handler, path) -> bool:
        ports.add(handler.client_address[1])
        return False

    hub.answer = note
    reader = Reader(Rules(hub.url, private_hosts=("127.0.0.1",)))
    for _ in range(3):
        reader.bytes(f"{hub.url}/x/resolve/{'a' * 40}/f.txt", limit=100)
    assert (len(hub.asked), len(ports)) == (3, 1)


def test_a_refusal_carries_its_status_and_printable_words(hubs):
    hub = hubs()
    hub.answer = lambda handler, path: (
        handler.send(403, b"", {"X-Error-Message": "Ask first.", "Retry-After": "7"}) or True
    )
    with pytest.raises(Refusal, match=r"answered 403: Ask first\.") as caught:
        Reader(Rules(hub.url, private_hosts=("127.0.0.1",))).get(f"{hub.url}/x")
    assert (caught.value.status, caught.value.retry_after_s) == (403, 7.0)

"""Outbound requests do not reach into our own network, whatever the address looks like."""

import _socket
import socket

import pytest

from hub.core import http_client
from hub.core.http_client import Blocked, HttpError, is_public, post_json

pytestmark = pytest.mark.hostile

PRIVATE = [
    "127.0.0.1", "127.8.8.8", "0.0.0.0", "10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.0.1", "169.254.169.254", "100.64.0.1",
    "100.127.255.254", "224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255", "192.0.2.1", "198.18.0.1", "203.0.113.9",
    "::", "::1", "fe80::1", "fe80::1%eth0", "fc00::1", "fd12:3456::1", "ff02::1", "fec0::1", "2001:db8::1", "::ffff:127.0.0.1",
    "::ffff:10.0.0.1", "::ffff:169.254.169.254", "64:ff9b::7f00:1", "64:ff9b::a00:1", "2002:7f00:1::", "2002:a00:1::1",
    "2001:0:4136:e378:8000:63bf:3fff:fdd2", "::7f00:1",
]  # fmt: skip
PUBLIC = [
    "1.1.1.1",
    "93.184.215.14",
    "172.32.0.1",
    "100.128.0.1",
    "2606:4700:4700::1111",
    "::ffff:1.1.1.1",
    "64:ff9b::101:101",
]


@pytest.mark.parametrize("address", PRIVATE)
def test_refuses_addresses_that_are_not_on_the_open_net(address):
    assert not is_public(address)


@pytest.mark.parametrize("address", PUBLIC)
def test_takes_addresses_on_the_open_net(address):
    assert is_public(address)


def answers(*addresses):
    def getaddrinfo(host, port, *_, **__):
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in addresses]

    return getaddrinfo


def post(url, *, allowed_hosts=()):
    return post_json(url, body=b"{}", headers={}, allowed_hosts=allowed_hosts)


@pytest.fixture
def no_connection(monkeypatch):
    def refuse(*_, **__):
        raise AssertionError("a connection was tried")

    monkeypatch.setattr(http_client.socket, "create_connection", refuse)


@pytest.mark.parametrize("url", ["http://127.0.0.1/", "http://[::1]:8000/", "http://localhost/"])
def test_refuses_this_machine(url, no_connection):
    with pytest.raises(Blocked):
        post(url)


@pytest.mark.parametrize(
    "url", ["http://127.1/", "http://2130706433/", "http://0x7f.0.0.1/", "http://0/", "http://017700000001/"]
)
def test_refuses_every_spelling_of_its_number(url, no_connection, monkeypatch):
    def numbers_only(host, port, **_):
        return _socket.getaddrinfo(host, port, 0, socket.SOCK_STREAM, 0, socket.AI_NUMERICHOST)

    monkeypatch.setattr(http_client.socket, "getaddrinfo", numbers_only)
    with pytest.raises(Blocked):
        post(url)


@pytest.mark.parametrize(
    "url",
    [
        "file:///etc/passwd",
        "gopher://example.org/",
        "//example.org/",
        "http://user@example.org/",
        "http://user:word@example.org/",
        "http:///x",
        "http://example.org:99999/",
    ],
)
def test_refuses_other_schemes_names_and_ports(url, no_connection):
    with pytest.raises(Blocked):
        post(url)


def test_refuses_a_name_with_one_private_address_among_public_ones(monkeypatch, no_connection):
    monkeypatch.setattr(http_client.socket, "getaddrinfo", answers("1.1.1.1", "10.0.0.1"))
    with pytest.raises(Blocked, match="WEBHOOK_HOSTS"):
        post("https://mixed.example/")


def test_connects_to_the_address_it_judged_though_the_name_moved_since(monkeypatch):
    seen, lists = [], iter([answers("1.1.1.1"), answers("127.0.0.1")])
    monkeypatch.setattr(http_client.socket, "getaddrinfo", lambda *a, **k: next(lists)(*a, **k))

    def connect(address, timeout):
        seen.append(address)
        raise ConnectionRefusedError

    monkeypatch.setattr(http_client.socket, "create_connection", connect)
    with pytest.raises(HttpError, match="could not be reached"):
        post("http://moving.example/x")
    assert seen == [("1.1.1.1", 80)]


def test_listed_hosts_may_be_private(monkeypatch):
    seen = []

    def connect(address, timeout):
        seen.append(address)
        raise ConnectionRefusedError

    monkeypatch.setattr(http_client.socket, "create_connection", connect)
    with pytest.raises(HttpError):
        post("http://127.0.0.1:9000/", allowed_hosts=["127.0.0.1"])
    assert seen == [("127.0.0.1", 9000)]


def test_offline_calls_nobody(settings, no_connection):
    settings.OFFLINE = True
    with pytest.raises(Blocked, match="OFFLINE"):
        post("http://127.0.0.1/", allowed_hosts=["127.0.0.1"])


def test_a_receiver_that_never_answers_is_cut_off(monkeypatch):
    monkeypatch.setattr(http_client, "TOTAL_S", 0.05)
    with socket.create_server(("127.0.0.1", 0)) as silent, pytest.raises(HttpError):
        post(f"http://127.0.0.1:{silent.getsockname()[1]}/", allowed_hosts=["127.0.0.1"])


def test_a_name_without_address_is_said_so(monkeypatch):
    def nothing(*_, **__):
        raise socket.gaierror

    monkeypatch.setattr(http_client.socket, "getaddrinfo", nothing)
    with pytest.raises(HttpError, match="has no address"):
        post("http://nowhere.example/")


def test_says_in_words_why_nobody_is_reached():
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{nobody.getsockname()[1]}/"
    with pytest.raises(HttpError, match=r"127\.0\.0\.1 could not be reached: connection refused"):
        post(url, allowed_hosts=["127.0.0.1"])

"""The blocker that keeps tests on this machine."""

import socket

import pytest

from tests.network import NetworkBlocked, is_local


@pytest.mark.parametrize("address", [("192.0.2.1", 80), ("2001:db8::1", 80, 0, 0), ("models.example.org", 80)])
def test_other_machines_are_out_of_reach(address):
    family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
    with socket.socket(family) as connection, pytest.raises(NetworkBlocked):
        connection.connect(address)


def test_names_are_not_looked_up():
    with pytest.raises(NetworkBlocked):
        socket.getaddrinfo("models.example.org", 443)


def test_this_machine_is_open(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()) as connection:
        assert connection.getpeername() == server.getsockname()


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("127.9.9.9", True),
        ("::1", True),
        ("localhost", True),
        (None, True),
        ("0.0.0.0", False),
        ("localhost.example.org", False),
    ],
)
def test_only_loopback_is_local(host, expected):
    assert is_local(host) is expected

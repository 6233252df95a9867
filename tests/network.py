"""No test talks to another machine. Loopback and unix sockets are open."""

import ipaddress
import socket

import pytest


class NetworkBlocked(AssertionError):
    """An AssertionError, so that no `except OSError` in the code under test takes it for an ordinary failure."""


def is_local(host: object) -> bool:
    name = host.decode() if isinstance(host, bytes) else host
    if name in (None, "", "localhost"):
        return True
    try:
        return ipaddress.ip_address(str(name).partition("%")[0]).is_loopback
    except ValueError:
        return False


def _is_address(host: object) -> bool:
    try:
        ipaddress.ip_address(host.decode() if isinstance(host, bytes) else str(host))
    except ValueError:
        return False
    return True


def block(patch: pytest.MonkeyPatch) -> None:
    connect, connect_ex, resolve = socket.socket.connect, socket.socket.connect_ex, socket.getaddrinfo

    def guard(address: object) -> None:
        if isinstance(address, tuple) and not is_local(address[0]):
            raise NetworkBlocked(f"A test tried to reach {address[0]}. Tests use this machine alone.")

    def guarded_connect(self, address):
        guard(address)
        return connect(self, address)

    def guarded_connect_ex(self, address):
        guard(address)
        return connect_ex(self, address)

    def guarded_resolve(host, *arguments, **options):
        # Addresses written as numbers ask nobody; only a name would leave the machine.
        if not is_local(host) and not _is_address(host):
            raise NetworkBlocked(f"A test tried to look up {host!r}. Tests use this machine alone.")
        return resolve(host, *arguments, **options)

    patch.setattr(socket.socket, "connect", guarded_connect)
    patch.setattr(socket.socket, "connect_ex", guarded_connect_ex)
    patch.setattr(socket, "getaddrinfo", guarded_resolve)

"""Outbound requests to addresses that people typed in: SSRF-safe, pinned, short.

A name is resolved once and the connection goes to that very address, so that a second answer of the name server changes nothing.
Reading from other hubs, with redirects and ranges, is in `outbound`; it shares the rules of this file and runs without Django.
"""

import http.client
import ipaddress
import os
import socket
import ssl
import threading
from collections.abc import Iterable, Mapping
from urllib.parse import urlsplit

CONNECT_S = 10.0
TOTAL_S = 20.0
Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class HttpError(Exception):
    """The request was not carried out. The message is fit for the person who gave the address."""


class Blocked(HttpError):
    """The address is none that this hub talks to."""


def _inner(address: Address) -> Address:
    """The IPv4 address that an IPv6 address carries (mapped, 6to4, NAT64), else the address itself."""
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            return address.ipv4_mapped
        if address.sixtofour is not None:
            return address.sixtofour
        if address in ipaddress.IPv6Network("64:ff9b::/96"):
            return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address


def is_public(text: str) -> bool:
    """Whether an IP address is out on the open net: not private, loopback, link-local, multicast, CGNAT, unspecified or reserved."""
    address = ipaddress.ip_address(text.partition("%")[0])
    inner = _inner(address)
    if isinstance(address, ipaddress.IPv6Address) and (
        address.teredo is not None or (inner is address and address.is_site_local)
    ):
        return False
    return inner.is_global and not (inner.is_multicast or inner.is_reserved or inner.is_unspecified)


def cause_text(error: Exception) -> str:
    """The system's own word for it, without addresses."""
    number = error.errno if isinstance(error, OSError) else None
    return os.strerror(number).lower() if number else type(error).__name__


def address_check(host: str, *, allowed_hosts: Iterable[str]) -> None:
    """Raises Blocked for an IP address in clear that is not public. Names are judged when they are resolved, at each request."""
    if host.lower() in {name.lower() for name in allowed_hosts}:
        return
    name = host.lower().rstrip(".")
    if name == "localhost" or name.endswith(".localhost"):
        raise Blocked(f"{host} is this machine itself. An administrator can allow it in WEBHOOK_HOSTS.")
    try:
        public = is_public(_plain(host))
    except ValueError:
        return
    if not public:
        raise Blocked(f"{host} is not an address on the open net. An administrator can allow it in WEBHOOK_HOSTS.")


def _plain(host: str) -> str:
    """127.0.0.1 for 2130706433, 0x7f.1 and the other ways in which name resolution reads an IPv4 address."""
    try:
        return socket.inet_ntoa(socket.inet_aton(host))
    except (OSError, UnicodeError):
        return host


def resolve(host: str, port: int, *, allowed_hosts: Iterable[str], setting: str = "WEBHOOK_HOSTS") -> str:
    """One address for `host`. Refused when any of its addresses is not public, unless the host is on the list, which is `setting`."""
    try:
        answers = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise HttpError(f"{host} has no address.") from None
    addresses = [str(answer[4][0]) for answer in answers]
    is_allowed = host.lower() in {name.lower() for name in allowed_hosts}
    # SECURITY: one private answer among public ones is how a name points into our own network.
    if not is_allowed and not (addresses and all(is_public(address) for address in addresses)):
        raise Blocked(f"{host} does not lead to the open net. An administrator can allow it in {setting}.")
    return addresses[0]


class Pinned(http.client.HTTPConnection):
    """Connects to `address` whatever the host's name says by now; TLS still checks the certificate against the name."""

    def __init__(self, host: str, port: int, address: str, context: ssl.SSLContext | None) -> None:
        super().__init__(host, port, timeout=CONNECT_S)
        self._address, self._context = address, context

    def connect(self) -> None:
        self.sock = socket.create_connection((self._address, self.port), timeout=CONNECT_S)
        if self._context is not None:
            self.sock = self._context.wrap_socket(self.sock, server_hostname=self.host, do_handshake_on_connect=False)
            self.sock.do_handshake()

    def cut(self) -> None:
        """Ends the connection from another thread: a receiver that drips bytes does not hold us for ever."""
        if self.sock is not None:
            try:
                self.sock.shutdown(socket.SHUT_RDWR)
            except OSError:
                return


def post_json(url: str, *, body: bytes, headers: Mapping[str, str], allowed_hosts: Iterable[str]) -> int:
    """POSTs `body` and gives the status. Follows no redirect, reads no answer beyond its headers, uses no proxy."""
    from django.conf import settings  # late: `outbound` uses the rest of this file in a process without Django

    if settings.OFFLINE:
        raise Blocked("This hub is offline: OFFLINE is set.")
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.username or parts.password:
        raise Blocked("Only http and https addresses without a name and password are called.")
    try:
        port = parts.port or (443 if parts.scheme == "https" else 80)
    except ValueError:
        raise Blocked("The port is not a number from 1 to 65535.") from None
    address = resolve(parts.hostname, port, allowed_hosts=allowed_hosts)
    context = ssl.create_default_context() if parts.scheme == "https" else None
    connection = Pinned(parts.hostname, port, address, context)
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    timer = threading.Timer(TOTAL_S, connection.cut)
    timer.daemon = True
    timer.start()
    try:
        connection.request("POST", target, body=body, headers=dict(headers))
        return connection.getresponse().status
    except TimeoutError:
        raise HttpError(f"{parts.hostname} did not answer in time.") from None
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise HttpError(f"{parts.hostname} could not be reached: {cause_text(error)}.") from None
    finally:
        timer.cancel()
        connection.close()

"""Reading from other hubs: pinned addresses, judged redirects, caps on bytes and on patience. Free of Django.

The fetching process of an import runs without Django and without a database; it uses this and nothing else to reach the network.
No proxy of the environment is used, no cookie is kept, nothing but GET is sent.
"""

import http.client
import json
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import SplitResult, urljoin, urlsplit

from hub.core.http_client import Blocked, HttpError, Pinned, cause_text, resolve

REDIRECTS = 3
CHUNK_BYTES = 2**18
READ_S = 30.0
HEADERS_S = 60.0
# A sender that gives less than this over a whole window is dripping, not slow.
WINDOW_S, WINDOW_BYTES = 60.0, 64 * 1024
_WORDS_BYTES = 64 * 1024
_ALLOW = "An administrator can allow it in IMPORT_PRIVATE_HOSTS."


class Refusal(HttpError):
    """The other side answered, and its answer is no."""

    def __init__(self, message: str, *, status: int, retry_after_s: float = 0.0) -> None:
        super().__init__(message)
        self.status, self.retry_after_s = status, retry_after_s


class Lie(HttpError):
    """What came is not what was announced: trying again does not help."""


class TooMuch(Lie):
    """More came than anybody announced or allows."""


@dataclass(frozen=True)
class Rules:
    """`endpoint` is where reading starts and the only origin that sees the token. `private_hosts`: names, or name:port."""

    endpoint: str
    private_hosts: tuple[str, ...] = ()
    read_s: float = READ_S
    headers_s: float = HEADERS_S
    window_s: float = WINDOW_S

    def is_private(self, parts: SplitResult) -> bool:
        listed = {name.lower() for name in self.private_hosts}
        host = (parts.hostname or "").lower()
        return host in listed or f"{host}:{port_of(parts)}" in listed

    def judge(self, url: str) -> SplitResult:
        """The address in parts, or Blocked. Asked of the first address and of every redirect alike."""
        parts = url_parts(url)
        start = urlsplit(self.endpoint)
        if self.is_private(parts) and (origin_of(parts) == origin_of(start) or self.is_private(start)):
            return parts
        # SECURITY: what is out on the net cannot send us to a neighbour of ours, even to one that is listed.
        if parts.scheme != "https":
            raise Blocked(f"{parts.hostname} would be read without encryption. Only https is used. {_ALLOW}")
        return parts

    def address(self, parts: SplitResult) -> str:
        allowed = [parts.hostname or ""] if self.is_private(parts) else []
        return resolve(parts.hostname or "", port_of(parts), allowed_hosts=allowed, setting="IMPORT_PRIVATE_HOSTS")


def url_parts(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        is_good = bool(parts.hostname) and parts.scheme in ("http", "https") and parts.port != 0
    except ValueError:
        is_good = False
    if (
        not is_good
        or len(url) > 8192
        or not url.isascii()
        or not url.isprintable()
        or " " in url
        or parts.username
        or parts.password
    ):
        raise Blocked("Only plain http and https addresses without a name and password are read.")
    return parts


def port_of(parts: SplitResult) -> int:
    return parts.port or (443 if parts.scheme == "https" else 80)


def origin_of(parts: SplitResult) -> tuple[str, str, int]:
    return parts.scheme, (parts.hostname or "").lower(), port_of(parts)


@dataclass
class Answer:
    """Headers of an answer whose body is still to come."""

    status: int
    headers: Mapping[str, str]
    url: str
    _response: http.client.HTTPResponse = field(repr=False)
    _rules: Rules = field(repr=False)
    _connection: "_Kept" = field(repr=False)

    def chunks(self, limit: int, *, clock: Callable[[], float] = time.monotonic) -> Iterator[bytes]:
        """The body, at most `limit` bytes of it: one more and it is TooMuch. A drip is an HttpError."""
        received = window_bytes = 0
        window = clock()
        while True:
            try:
                chunk = self._response.read1(CHUNK_BYTES)
            except TimeoutError:
                raise HttpError(f"{self.host} stopped sending.") from None
            except (OSError, http.client.HTTPException, ValueError) as error:
                raise HttpError(f"{self.host} broke off: {type(error).__name__}.") from None
            if not chunk:
                break
            received += len(chunk)
            window_bytes += len(chunk)
            if received > limit:
                raise TooMuch(f"{self.host} sends more than the {limit} bytes that were announced.")
            if (now := clock()) - window > self._rules.window_s:
                if window_bytes < WINDOW_BYTES:
                    raise HttpError(f"{self.host} sends too slowly: {window_bytes} bytes in {now - window:.0f} s.")
                window, window_bytes = now, 0
            yield chunk
        announced = self.headers.get("content-length", "")
        if announced.isdecimal() and received < int(announced[:19]):
            raise HttpError(f"{self.host} broke off after {received} of {announced[:19]} bytes.")
        self._response.close()  # read1 does not notice the end by itself, and the connection would stay taken
        self._connection.is_free = True

    @property
    def host(self) -> str:
        return urlsplit(self.url).hostname or ""


class _Kept(Pinned):
    """`is_free`: the last answer was read to its end, so the next request may use the same connection."""

    is_free = False


class Reader:
    """GETs under one set of rules. Every name is resolved once and stays pinned; each thread keeps a connection per origin."""

    def __init__(self, rules: Rules, *, token: str = "", user_agent: str = "genepool") -> None:
        self._rules, self._token, self._user_agent = rules, token, user_agent
        self._pins: dict[tuple[str, str, int], str] = {}
        self._lock = threading.Lock()
        self._local = threading.local()
        self._tls = ssl.create_default_context()

    def get(self, url: str, *, start: int = 0, end: int | None = None) -> Answer:
        """An answer of 200 or 206; anything else is a Refusal. `start`, `end` (exclusive) ask for a range."""
        for _ in range(REDIRECTS + 1):
            parts = self._rules.judge(url)
            answer = self._send(parts, self._headers(parts, start, end), url)
            if answer.status in (301, 302, 303, 307, 308) and answer.headers.get("location"):
                self._finish(answer, parts)
                url = urljoin(url, answer.headers["location"])
                continue
            if answer.status in (200, 206):
                if answer.headers.get("content-encoding", "identity").lower() not in ("identity", ""):
                    self._drop(parts)
                    raise Lie(f"{answer.host} sends compressed bytes though none were asked for.")
                return answer
            self._drop(parts)
            raise refusal_of(answer)
        raise HttpError(f"{urlsplit(url).hostname} sends us round in circles: more than {REDIRECTS} redirects.")

    def bytes(self, url: str, *, limit: int, start: int = 0, end: int | None = None) -> "tuple[bytes, Answer]":
        answer = self.get(url, start=start, end=end)
        try:
            return b"".join(answer.chunks(limit)), answer
        except HttpError:
            self.close()
            raise

    def json(self, url: str, *, limit: int) -> "tuple[Any, Answer]":
        body, answer = self.bytes(url, limit=limit)
        try:
            return json.loads(body), answer
        except (ValueError, RecursionError):
            raise Lie(f"{answer.host} does not answer like a hub: what came is not JSON.") from None

    def close(self) -> None:
        """Drops the connections of the calling thread."""
        for connection in getattr(self._local, "connections", {}).values():
            connection.close()
        self._local.connections = {}

    def _headers(self, parts: SplitResult, start: int, end: int | None) -> dict[str, str]:
        headers = {"Accept": "*/*", "Accept-Encoding": "identity", "User-Agent": self._user_agent}
        if start or end is not None:
            headers["Range"] = f"bytes={start}-{'' if end is None else end - 1}"
        # SECURITY: the token goes to the endpoint alone, never to where it redirects.
        if self._token and origin_of(parts) == origin_of(urlsplit(self._rules.endpoint)):
            headers["Authorization"] = f"Bearer {self._token}"
        return headers

    def _send(self, parts: SplitResult, headers: dict[str, str], url: str) -> Answer:
        connection, is_used = self._connection(parts)
        try:
            response = self._exchange(connection, parts, headers)
        except HttpError:
            self._drop(parts)
            if not is_used:
                raise
            # a connection that was kept may have been closed meanwhile; that is no failure of this request
            connection = self._connection(parts)[0]
            response = self._exchange(connection, parts, headers)
        connection.is_free = False
        named = {name.lower(): value for name, value in response.getheaders()}
        return Answer(response.status, named, url, response, self._rules, connection)

    def _exchange(self, connection: Pinned, parts: SplitResult, headers: dict[str, str]) -> http.client.HTTPResponse:
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        timer = threading.Timer(self._rules.headers_s, connection.cut)
        timer.daemon = True
        timer.start()
        try:
            connection.request("GET", target, headers=headers)
            if connection.sock is not None:
                connection.sock.settimeout(self._rules.read_s)
            return connection.getresponse()
        except TimeoutError:
            raise HttpError(f"{parts.hostname} did not answer in time.") from None
        except ssl.SSLCertVerificationError:
            raise HttpError(f"{parts.hostname} shows a certificate that is not its own.") from None
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise HttpError(f"{parts.hostname} could not be reached: {cause_text(error)}.") from None
        finally:
            timer.cancel()

    def _connection(self, parts: SplitResult) -> tuple[_Kept, bool]:
        """A connection of this thread, and whether it has served a whole answer before."""
        known: dict[tuple[str, str, int], _Kept] = self._local.__dict__.setdefault("connections", {})
        origin = origin_of(parts)
        connection = known.get(origin)
        if connection is not None and connection.sock is not None and connection.is_free:
            return connection, True
        if connection is not None:
            connection.close()
        context = self._tls if parts.scheme == "https" else None
        known[origin] = _Kept(parts.hostname or "", port_of(parts), self._pin(parts), context)
        return known[origin], False

    def _pin(self, parts: SplitResult) -> str:
        with self._lock:
            if origin_of(parts) not in self._pins:
                self._pins[origin_of(parts)] = self._rules.address(parts)
            return self._pins[origin_of(parts)]

    def _finish(self, answer: Answer, parts: SplitResult) -> None:
        """The few words beside a redirect are read, so that the connection can be used again; more than a few end it."""
        try:
            for _ in answer.chunks(_WORDS_BYTES):
                continue
        except HttpError:
            self._drop(parts)

    def _drop(self, parts: SplitResult) -> None:
        connection = getattr(self._local, "connections", {}).pop(origin_of(parts), None)
        if connection is not None:
            connection.close()


def refusal_of(answer: Answer) -> Refusal:
    """In words, with what the other hub says itself where it is short and printable."""
    said = answer.headers.get("x-error-message", "")[:200]
    words = said if said.isprintable() else ""
    wait = answer.headers.get("retry-after", "")
    return Refusal(
        f"{answer.host} answered {answer.status}{f': {words}' if words else ''}",
        status=answer.status,
        retry_after_s=float(wait) if wait.isascii() and wait.isdecimal() and len(wait) < 5 else 0.0,
    )

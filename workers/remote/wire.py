"""Requests to a hub: JSON and byte ranges, over connections that are kept, tried again where that may help, and never trusted."""

import functools
import random
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urljoin, urlsplit

import httpx

from workers.contracts.version import VERSION
from workers.remote.address import Address, origin
from workers.remote.errors import RemoteError

TRIES = 5
WAIT_S = 0.5
LONGEST_WAIT_S = 60.0
REDIRECTS = 5
CONNECTIONS = 8
_TIMEOUT = httpx.Timeout(60.0, connect=10.0)
_AGAIN = {408, 425, 429, 500, 502, 503, 504}
_MAX_JSON_BYTES = 64 << 20
Write = Callable[[int, bytes], None]


class Broken(Exception):
    """An answer that another try may better; `wait_s` is what the server asks for."""

    def __init__(self, message: str, wait_s: float = 0.0) -> None:
        super().__init__(message)
        self.wait_s = wait_s


class Wire:
    """One hub. Safe to use from several threads."""

    def __init__(self, address: Address, *, pause: Callable[[float], None] = time.sleep, transport: httpx.BaseTransport | None = None) -> None:  # fmt: skip
        self.address = address
        self._pause = pause
        self.received = 0
        self._guard = threading.Lock()
        self._places: dict[str, str] = {}
        # A hub of this machine is reached directly: a proxy of the environment would answer for it in its own words.
        is_local = urlsplit(address.endpoint).hostname in ("127.0.0.1", "localhost", "::1")
        self._client = httpx.Client(
            timeout=_TIMEOUT, verify=_trusted(), transport=transport, trust_env=not is_local, follow_redirects=False,
            limits=httpx.Limits(max_connections=CONNECTIONS, max_keepalive_connections=CONNECTIONS),
            headers={"User-Agent": f"genepool/{VERSION}", "Accept-Encoding": "identity"},
        )  # fmt: skip

    def close(self) -> None:
        self._client.close()

    def json(self, path: str) -> tuple[Any, str]:
        """The document at `path` of the hub, and the address of the next page ("" at the end)."""

        def read() -> tuple[Any, str]:
            with self._answer(urljoin(self.address.endpoint + "/", path), {}) as response:
                if response.status_code != 200:
                    raise self._refusal(response)
                body = b"".join(self._bytes(response, _MAX_JSON_BYTES))
                following = response.links.get("next", {}).get("url", "")
            try:
                return httpx.Response(200, content=body).json(), following
            except ValueError:
                raise RemoteError(f"What answers at {self.address.endpoint} is not a hub.") from None

        return self._tried(read)

    def part(
        self, path: str, start: int, end: int, size: int, write: Write, check: Callable[[httpx.Headers], None]
    ) -> bool:
        """Bytes `start` to `end` of the file at `path`, which has `size`, given to `write` as they come.

        A break is taken up where it happened. `check` sees the headers of every answer before its bytes are used.

        Returns:
            Whether the server sent the part alone; False: it sends whole files only, and `write` got all of it, from 0.

        Raises:
            RemoteError: the server refuses, says something else than was asked for, or breaks off again and again.
        """
        state = [start]

        def read() -> bool:
            if state[0] >= end:
                return True
            with self._answer(
                urljoin(self.address.endpoint + "/", path), {"Range": f"bytes={state[0]}-{end - 1}"}, key=path
            ) as response:
                if response.status_code == 200:
                    check(response.headers)
                    return self._whole(response, size, write)
                if response.status_code != 206:
                    raise self._refusal(response)
                check(response.headers)
                said = response.headers.get("Content-Range", "")
                if said != f"bytes {state[0]}-{end - 1}/{size}":
                    raise RemoteError(f"{self.address.host} answers with other bytes than were asked for ({said[:60] or 'it does not say which'}).")  # fmt: skip
                for piece in self._bytes(response, end - state[0]):
                    write(state[0], piece)
                    state[0] += len(piece)
            if state[0] < end:
                raise Broken("it broke off")
            return True

        return self._tried(read)

    def _whole(self, response: httpx.Response, size: int, write: Write) -> bool:
        done = 0
        for piece in self._bytes(response, size):
            write(done, piece)
            done += len(piece)
        if done < size:
            raise Broken("it broke off")
        return False

    def _bytes(self, response: httpx.Response, most: int) -> Iterator[bytes]:
        """The body as it comes. SECURITY: never more than was asked for, whatever the server sends, and never unpacked."""
        if response.headers.get("Content-Encoding", "identity") != "identity":
            raise RemoteError(f"{self.address.host} packs its answers, though it was asked not to.")
        count = 0
        for piece in response.iter_raw(1 << 18):
            count += len(piece)
            if count > most:
                raise RemoteError(f"{self.address.host} sends more bytes than it announced.")
            with self._guard:
                self.received += len(piece)
            yield piece

    def _answer(self, address: str, headers: dict[str, str], *, key: str = "") -> "_Following":
        return _Following(self, address, headers, key)

    def _send(self, address: str, headers: dict[str, str]) -> httpx.Response:
        # SECURITY: the token goes to the hub alone, wherever that sends us on to.
        if self.address.token and origin(address) == origin(self.address.endpoint):
            headers = {**headers, "Authorization": f"Bearer {self.address.token}"}
        return self._client.send(self._client.build_request("GET", address, headers=headers), stream=True)

    def _tried(self, read: Callable[[], Any]) -> Any:
        for left in range(TRIES - 1, -1, -1):
            try:
                return read()
            except (httpx.TransportError, Broken) as error:
                if not left:
                    words = str(error) if isinstance(error, Broken) else type(error).__name__
                    raise RemoteError(f"{self.address.host} cannot be read: {words}, {TRIES} times over.") from None
                asked = error.wait_s if isinstance(error, Broken) else 0.0
                wait = max(asked, WAIT_S * 2 ** (TRIES - 1 - left) * random.uniform(0.75, 1.25))  # noqa: S311 (no secret)
                self._pause(min(wait, LONGEST_WAIT_S))
            except httpx.InvalidURL:
                raise RemoteError(f"{self.address.endpoint!r} is not an address.") from None
        raise AssertionError("a loop without tries")

    def _refusal(self, response: httpx.Response) -> Exception:
        status = response.status_code
        if status in _AGAIN:
            text = response.headers.get("Retry-After", "")
            return Broken(f"it answers {status}", float(text) if text.isascii() and text.isdigit() else 0.0)
        if status in (401, 403):
            ways = (
                "Set GENEPOOL_TOKEN to a token of that hub."
                if not self.address.token
                else "The token of GENEPOOL_TOKEN does not allow it."
            )
            return RemoteError(f"{self.address.host} does not let you read {self.address.told}. {ways}")
        if status == 404:
            return RemoteError(f"{self.address.host} has no {self.address.told} that you may see.")
        return RemoteError(f"{self.address.host} answers {status} for {self.address.told}.")


@functools.cache
def _trusted() -> ssl.SSLContext:
    """Read once: it takes a tenth of a second, and every repo has connections of its own."""
    return httpx.create_ssl_context()


class _Following:
    """An answer after at most a few redirects; where a file lies in the end is kept for its next parts."""

    def __init__(self, wire: Wire, address: str, headers: dict[str, str], key: str) -> None:
        self._wire, self._address, self._headers, self._key = wire, address, headers, key
        self._response: httpx.Response | None = None

    def __enter__(self) -> httpx.Response:
        places = self._wire._places
        address = places.get(self._key, self._address) if self._key else self._address
        for _ in range(REDIRECTS + 1):
            response = self._wire._send(address, self._headers)
            if response.status_code not in (301, 302, 303, 307, 308):
                self._response = response
                if self._key in places and response.status_code in (401, 403, 404, 410):
                    # A signed address that has run out: the hub gives another one.
                    del places[self._key]
                    response.close()
                    raise Broken("an address ran out")
                return response
            response.close()
            target = urljoin(address, response.headers.get("Location", ""))
            if not target.startswith(("http://", "https://")) or (
                address.startswith("https:") and not target.startswith("https:")
            ):
                raise RemoteError(f"{self._wire.address.host} sends us on to an address that is not safe to follow.")
            if self._key and response.status_code in (302, 307):
                places[self._key] = target
            address = target
        raise RemoteError(f"{self._wire.address.host} sends us on in circles.")

    def __exit__(self, *_: object) -> None:
        if self._response is not None:
            self._response.close()

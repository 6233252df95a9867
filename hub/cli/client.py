"""How the command line talks to a hub: one small JSON client that turns every way to fail into a sentence."""

import os
import time
from typing import Any

import httpx

from workers.contracts.version import VERSION

DEFAULT_URL = "http://127.0.0.1:8000"
TIMEOUT_S = httpx.Timeout(60.0, connect=10.0)
TRIES = 3


class HubError(Exception):
    """`problem` is the RFC 9457 document, where the hub sent one. `is_outage`: nobody answered, so trying again may help."""

    def __init__(self, message: str, *, problem: dict[str, Any] | None = None, is_outage: bool = False) -> None:
        super().__init__(message)
        self.problem = problem or {}
        self.is_outage = is_outage

    @property
    def findings(self) -> list[dict[str, Any]]:
        return list(self.problem.get("findings") or [])


def hub_url() -> str:
    return (os.environ.get("GENEPOOL_URL", "").strip() or DEFAULT_URL).rstrip("/")


def hub_token() -> str:
    return os.environ.get("GENEPOOL_TOKEN", "").strip()


class Hub:
    """`GENEPOOL_URL` and `GENEPOOL_TOKEN` say which hub and who asks."""

    def __init__(
        self, url: str | None = None, token: str | None = None, transport: httpx.BaseTransport | None = None
    ) -> None:
        self.url = url or hub_url()
        self._has_token = bool(token or hub_token())
        headers = {"User-Agent": f"genepool/{VERSION}"}
        if self._has_token:
            headers["Authorization"] = f"Bearer {token or hub_token()}"
        # A hub is reached directly or not at all: a proxy of the environment would answer for 127.0.0.1 in its own words.
        is_local = httpx.URL(self.url).host in ("127.0.0.1", "localhost", "::1")
        self._client = httpx.Client(timeout=TIMEOUT_S, headers=headers, transport=transport, trust_env=not is_local)

    def get(self, path: str, **params: Any) -> Any:
        return self._send(
            "GET", path, params={name: value for name, value in params.items() if value not in (None, "")}
        )

    def csv(self, path: str, **params: Any) -> str:
        """An answer that is CSV."""
        asked = {name: value for name, value in params.items() if value not in (None, "")}
        return self._request("GET", path, params=asked, kind="text/csv").text

    def post(self, path: str, body: Any = None, headers: dict[str, str] | None = None) -> tuple[int, Any]:
        response = self._request("POST", path, json=body if body is not None else {}, headers=headers)
        return response.status_code, response.json()

    def _send(self, method: str, path: str, **options: Any) -> Any:
        return self._request(method, path, **options).json()

    def _request(self, method: str, path: str, *, kind: str = "json", **options: Any) -> httpx.Response:
        for left in range(TRIES - 1, -1, -1):
            try:
                response = self._client.request(method, f"{self.url}/api/v1{path}", **options)
            except httpx.HTTPError as error:
                raise HubError(self._outage(error), is_outage=True) from None
            except httpx.InvalidURL:
                raise HubError(f"{self.url!r} is not an address. Set GENEPOOL_URL to one like {DEFAULT_URL}.") from None
            if response.status_code == 429 and left and _pause(response) <= 60:
                time.sleep(_pause(response))
                continue
            break
        if not response.is_success:
            raise self._refusal(response)
        if kind not in response.headers.get("Content-Type", ""):
            raise HubError(f"What answers at {self.url} is not a Genepool hub. Check GENEPOOL_URL.")
        return response

    def _outage(self, error: httpx.HTTPError) -> str:
        if isinstance(error, httpx.UnsupportedProtocol):
            return f"{self.url!r} is not an address. Set GENEPOOL_URL to one like {DEFAULT_URL}."
        if isinstance(error, httpx.TimeoutException):
            return f"The hub at {self.url} did not answer in time."
        return (
            f"Nothing answers at {self.url}. Start a hub with `genepool up`, or set GENEPOOL_URL to the one you mean."
        )

    def _refusal(self, response: httpx.Response) -> HubError:
        try:
            problem = response.json()
        except ValueError:
            problem = {}
        if not isinstance(problem, dict) or "detail" not in problem:
            return HubError(
                f"{self.url} answered {response.status_code} in a form that is not a hub's. Check GENEPOOL_URL."
            )
        message = str(problem["detail"])
        if response.status_code == 401 and not self._has_token:
            message = f"This needs an access token. Make one under {self.url}/settings and set GENEPOOL_TOKEN to it."
        elif response.status_code == 401:
            message = f"{message} Set GENEPOOL_TOKEN to a token of the hub at {self.url}."
        for error in problem.get("errors") or []:
            message += f"\n  {error.get('where')}: {error.get('message')}"
        return HubError(message, problem=problem, is_outage=response.status_code in (502, 503, 504))


def _pause(response: httpx.Response) -> float:
    text = response.headers.get("Retry-After", "")
    return float(text) if text.isascii() and text.isdigit() else 5.0

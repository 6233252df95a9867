"""A client that speaks the wire by hand: what the real one would hide can be sent wrong."""

import base64
import json
from collections.abc import Iterable
from io import BytesIO
from typing import Any

from django.http import HttpResponse
from django.test import Client as DjangoClient

from hub.accounts.models import User
from tests.factories.accounts import make_token


class Client:
    def __init__(self, user: User | None = None, *scopes: str) -> None:
        headers = {"authorization": f"Bearer {make_token(user, *(scopes or ('write',)))}"} if user else {}
        self._client = DjangoClient(headers=headers)

    def get(self, path: str, **rest: Any) -> HttpResponse:
        return self._client.get(path, **rest)

    def head(self, path: str, **rest: Any) -> HttpResponse:
        return self._client.head(path, **rest)

    def send(self, method: str, path: str, document: Any = None, **rest: Any) -> HttpResponse:
        rest.setdefault("content_type", "application/json")
        return self._client.generic(method, path, "" if document is None else json.dumps(document), **rest)

    def post(self, path: str, document: Any = None, **rest: Any) -> HttpResponse:
        return self.send("POST", path, document, **rest)

    def raw(self, method: str, path: str, content: bytes, **rest: Any) -> HttpResponse:
        """`CONTENT_LENGTH` may lie: the stream ends where the content does, as a broken connection would."""
        environ = {"CONTENT_LENGTH": str(len(content)), **rest, "wsgi.input": BytesIO(content)}
        return self._client.generic(method, path, content, **environ)

    def commit(
        self, repo: str, lines: Iterable[Any], *, branch: str = "main", summary: str = "Change", **header: Any
    ) -> HttpResponse:
        every = [("header", {"summary": summary, **header}), *lines]
        content = b"\n".join(json.dumps({"key": key, "value": value}).encode() for key, value in every)
        return self.raw("POST", f"/api/models/{repo}/commit/{branch}", content, content_type="application/x-ndjson")


def file_line(path: str, content: bytes) -> tuple[str, dict[str, str]]:
    return "file", {"path": path, "content": base64.b64encode(content).decode(), "encoding": "base64"}


def lfs_line(path: str, oid: str, size: int | None = None) -> tuple[str, dict[str, Any]]:
    return "lfsFile", {"path": path, "algo": "sha256", "oid": oid, **({} if size is None else {"size": size})}


def body(response: Any) -> bytes:
    return b"".join(response.streaming_content) if response.streaming else response.content

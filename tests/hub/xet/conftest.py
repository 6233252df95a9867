import json
from io import BytesIO

import pytest
from django.test import Client

from tests.factories.accounts import make_token


@pytest.fixture(autouse=True)
def storage(settings, tmp_path):
    settings.STORAGE_URL = f"file://{tmp_path}/storage"
    settings.SITE_URL = "http://testserver"


class Sender:
    """A client with a token of the hub, and the gateway's address and token that it got for a repo."""

    def __init__(self, user, repo: str, scope: str = "write") -> None:
        self.hub = Client(headers={"authorization": f"Bearer {make_token(user, scope)}"})
        self.answer = self.hub.get(f"/api/models/{repo}/xet-write-token/main")
        if self.answer.status_code == 200:
            self.address = self.answer.json()["casUrl"].removeprefix("http://testserver")
            self.gateway = Client(headers={"authorization": f"Bearer {self.answer.json()['accessToken']}"})

    def post(self, path: str, data: bytes, **rest):
        """`CONTENT_LENGTH` may lie: the stream ends where the data does, as a broken connection would."""
        environ = {"CONTENT_LENGTH": str(len(data)), **rest, "wsgi.input": BytesIO(data)}
        return self.gateway.generic("POST", f"{self.address}/v1/{path}", data, "application/octet-stream", **environ)

    def xorb(self, name: str, data: bytes):
        return self.post(f"xorbs/default/{name}", data)

    def shard(self, data: bytes):
        return self.post("shards", data)

    def commit(self, repo: str, lines):
        lines = [("header", {"summary": "Add"}), *lines]
        body = b"\n".join(json.dumps({"key": key, "value": value}).encode() for key, value in lines)
        return self.hub.generic("POST", f"/api/models/{repo}/commit/main", body, "application/x-ndjson")


@pytest.fixture
def sender():
    return Sender

"""A hub of a few lines that speaks the HF protocol as a test wants it: honest, or in one way not."""

import hashlib
import json
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote, urlsplit

COMMIT = "a" * 40


def git_sha1(content: bytes) -> str:
    return hashlib.sha1(b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest()


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


@dataclass
class FakeHub:
    """`files` by path; names in `lfs` are listed with their sha256. `answer(handler, path)` may take a request over: True when it did."""

    files: dict[str, bytes]
    lfs: set[str] = field(default_factory=set)
    commit: str = COMMIT
    refs: dict[str, list[dict[str, str]]] | None = None
    rows: list[dict[str, Any]] | None = None
    knows_ranges: bool = True
    answer: Callable[["Handler", str], bool] = lambda handler, path: False
    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.server.hub = self  # type: ignore[attr-defined]
        self.server.handle_error = lambda *_: None  # type: ignore[method-assign]
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def port(self) -> int:
        return self.server.server_address[1]

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()

    def listed(self) -> list[dict[str, Any]]:
        if self.rows is not None:
            return self.rows
        rows = []
        for path, content in self.files.items():
            row: dict[str, Any] = {"type": "file", "path": path, "size": len(content), "oid": git_sha1(content)}
            if path in self.lfs:
                row["oid"] = "c" * 40
                row["lfs"] = {"oid": sha256(content), "size": len(content), "pointerSize": 130}
            rows.append(row)
        return rows

    def fetched(self) -> list[str]:
        """Files that were asked for, in order."""
        return [path.partition(f"/resolve/{self.commit}/")[2] for path, _ in self.asked if "/resolve/" in path]

    def headers_of(self, name: str) -> list[dict[str, str]]:
        return [headers for path, headers in self.asked if path.endswith(name)]


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    @property
    def hub(self) -> FakeHub:
        return self.server.hub  # type: ignore[attr-defined]

    def do_GET(self) -> None:
        path = unquote(urlsplit(self.path).path)
        self.hub.asked.append((path, dict(self.headers)))
        if self.hub.answer(self, path):
            return
        if "/revision/" in path:
            self.json({"sha": self.hub.commit, "private": False})
        elif path.endswith("/refs"):
            self.json(
                self.hub.refs
                or {"branches": [{"name": "main", "targetCommit": self.hub.commit}], "tags": [], "converts": []}
            )
        elif "/tree/" in path:
            self.json(self.hub.listed())
        elif (name := path.partition("/resolve/")[2].partition("/")[2]) in self.hub.files:
            self.file(self.hub.files[name])
        else:
            self.send(404, b"{}", {"X-Error-Message": "There is no such thing"})

    def json(self, body: Any) -> None:
        self.send(200, json.dumps(body).encode(), {"Content-Type": "application/json"})

    def file(self, content: bytes) -> None:
        span = self.headers.get("Range", "")
        if not span or not self.hub.knows_ranges:
            self.send(200, content, {})
            return
        first, _, last = span.removeprefix("bytes=").partition("-")
        start, end = int(first), int(last) + 1 if last else len(content)
        self.send(
            206, content[start:end], {"Content-Range": f"bytes {start}-{min(end, len(content)) - 1}/{len(content)}"}
        )

    def send(self, status: int, body: bytes, headers: dict[str, str], length: int | None = None) -> None:
        self.send_response_only(status)
        for name, value in {"Content-Length": str(len(body) if length is None else length), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)
        if length is not None and length != len(body):
            self.close_connection = True

    def log_message(self, *_: object) -> None:
        """Silent."""

"""A hub of one file: it speaks as much of the Hugging Face protocol as reading takes, and lies on demand."""

import hashlib
import json
import re
import threading
from collections import Counter
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote

COMMIT = "c" * 40


class LittleHub(ThreadingHTTPServer):
    """`repos` has datasets by `datasets/ns/name`. `fault` changes one answer about weights: its name says how. `sent` counts bytes of weights, `tokens` is what came with requests."""

    daemon_threads = True

    def __init__(self, repos: dict[str, Path]) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.repos, self.fault, self.elsewhere = repos, "", ""
        self.scans: dict[str, object] = {}  # what it says of NaN in the weights of a repo
        self.sent, self.answers, self.requests, self.tokens = 0, 0, Counter(), set()
        self.left = 10**9  # bytes of weights after which nothing more is sent
        self.guard = threading.Lock()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: LittleHub

    def log_message(self, *_: object) -> None:
        """Nobody reads it."""

    def do_GET(self) -> None:
        hub = self.server
        with hub.guard:
            hub.tokens.add(self.headers.get("Authorization", ""))
        path = unquote(self.path.partition("?")[0])
        path = path.replace("/api/models/", "/api/")
        if match := re.fullmatch(r"/api/((?:datasets/)?[^/]+/[^/]+)/revision/(.+)", path):
            self._json(
                {"sha": COMMIT, "private": False} if match[1] in hub.repos else {"error": "no"},
                200 if match[1] in hub.repos else 404,
            )
        elif match := re.fullmatch(r"/api/((?:datasets/)?[^/]+/[^/]+)/tree/(.+)", path):
            root = hub.repos[match[1]]
            self._json([self._entry(file, root) for file in sorted(root.rglob("*")) if file.is_file()])
        elif match := re.fullmatch(rf"/((?:datasets/)?[^/]+/[^/]+)/resolve/{COMMIT}/(.+)", path):
            self._file(hub.repos[match[1]] / match[2])
        elif (match := re.fullmatch(r"/api/v1/models/([^/]+/[^/]+)/tensors", path)) and match[1] in hub.scans:
            self._json(hub.scans[match[1]])
        else:
            self._json({"error": "no"}, 404)

    def _entry(self, file: Path, root: Path) -> dict:
        content = file.read_bytes()
        size = 200 << 30 if self.server.fault == "huge header" and file.suffix == ".safetensors" else len(content)
        path = (
            f"../{file.name}"
            if self.server.fault == "path out" and file.suffix == ".safetensors"
            else str(file.relative_to(root))
        )
        return {
            "type": "file",
            "path": path,
            "size": size,
            "lfs": {"oid": hashlib.sha256(content).hexdigest(), "size": size},
        }

    def _file(self, file: Path) -> None:
        hub, content = self.server, file.read_bytes()
        is_weights = file.suffix == ".safetensors"
        if is_weights and hub.elsewhere:
            self.send_response(302)
            self.send_header("Location", hub.elsewhere + self.path)
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        start, end = (int(text) for text in self.headers["Range"].removeprefix("bytes=").split("-"))
        size, fault = len(content), hub.fault if is_weights else ""
        with hub.guard:
            hub.requests[file, end] += 1  # what goes wrong at first goes wrong once for each part
            turn = hub.requests[file, end]
            hub.answers += 1
        if fault == "huge header":
            content, size = (100 << 30).to_bytes(8, "little") + bytes(1 << 20), 200 << 30
        if fault == "busy at first" and turn % 2:
            self._json({}, 503)
            return
        body = content[start : end + 1]
        if fault == "other content" and start > 4096:
            body = bytes(len(body))
        if is_weights:
            with hub.guard:
                hub.left -= len(body)
                if hub.left < 0:
                    self.close_connection = True
                    return
                hub.sent += len(body)
        status = 200 if fault == "no ranges" else 206
        body = content if status == 200 else body
        self.send_response(status)
        self.send_header("ETag", f'"{hub.answers}"' if fault == "other etag" else '"one"')
        self.send_header("X-Repo-Commit", "d" * 40 if fault == "other commit" else COMMIT)
        if status == 206:
            said = start + 1 if fault == "other range" else start
            self.send_header("Content-Range", f"bytes {said}-{end}/{size}")
        self.send_header("Content-Length", str(len(body) + (100 if fault == "too long" else 0)))
        self.end_headers()
        if fault == "broken off" and turn % 2 and len(body) > 100:
            self.wfile.write(body[: len(body) // 2])
            self.close_connection = True
            return
        self.wfile.write(body + (bytes(100) if fault == "too long" else b""))

    def _json(self, document: object, status: int = 200) -> None:
        body = json.dumps(document).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@contextmanager
def little_hub(repos: dict[str, Path]):
    hub = LittleHub(repos)
    thread = threading.Thread(target=hub.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield hub
    finally:
        hub.shutdown()
        hub.server_close()
        thread.join()

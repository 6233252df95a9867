"""A line between two hubs that can be held: past so many bytes of one file nothing comes until it is let go."""

import contextlib
import http.client
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

HELD_AFTER = 1_000_000


class Proxy(ThreadingHTTPServer):
    """`asked` are the GETs as (path, Range). `is_held` says that a body stands still right now."""

    daemon_threads = True

    def __init__(self, target: str) -> None:
        self.target = urlsplit(target)
        self.asked: list[tuple[str, str]] = []
        self.held_name = ""
        self.is_held, self.go_on = threading.Event(), threading.Event()
        super().__init__(("127.0.0.1", 0), _Handler)
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def hold(self, name: str) -> None:
        self.go_on.clear()
        self.is_held.clear()
        self.held_name = name

    def release(self) -> None:
        self.held_name = ""
        self.go_on.set()

    def ranges_of(self, name: str) -> list[str]:
        return [asked for path, asked in self.asked if path.endswith(name)]

    def handle_error(self, request: object, client_address: object) -> None:
        """The other end was killed: that is what the test does."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Proxy

    def do_GET(self) -> None:
        target = self.server.target
        self.server.asked.append((urlsplit(self.path).path, self.headers.get("Range", "")))
        onward = http.client.HTTPConnection(target.hostname, target.port, timeout=30)
        wanted = {name: value for name, value in self.headers.items() if name.lower() in ("range", "authorization")}
        with contextlib.closing(onward):
            onward.request("GET", self.path, headers=wanted)
            answer = onward.getresponse()
            self.send_response_only(answer.status)
            for name, value in answer.getheaders():
                if name.lower() not in ("connection", "transfer-encoding", "keep-alive"):
                    self.send_header(name, value)
            body_is_chunked = answer.getheader("Content-Length") is None
            if body_is_chunked:
                body = answer.read()
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)
                return
            self.end_headers()
            self._pass_on(answer)

    def _pass_on(self, answer: http.client.HTTPResponse) -> None:
        sent = 0
        while chunk := answer.read(65536):
            self.wfile.write(chunk)
            self.wfile.flush()
            sent += len(chunk)
            held = self.server.held_name
            if held and urlsplit(self.path).path.endswith(held) and sent >= HELD_AFTER:
                self.server.is_held.set()
                self.server.go_on.wait(120)

    def log_message(self, *_: object) -> None:
        """Silent."""

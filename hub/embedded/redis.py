"""Our own Redis: the broker's queue and the rate limits' counters, on a unix socket that only its owner may open."""

import signal
import socket
from pathlib import Path
from urllib.parse import quote

from hub.embedded.binaries import redis_server
from hub.embedded.errors import EmbeddedError
from hub.embedded.layout import Layout, socket_folder, socket_place
from hub.embedded.processes import pids_working_in, stop_all
from hub.embedded.specs import ServiceSpec, plain_environment


class Redis:
    def __init__(self, layout: Layout, *, is_durable: bool = True) -> None:
        self.layout = layout
        self.is_durable = is_durable
        self.binary = redis_server()
        self.socket: Path = socket_place(layout) / "redis.sock"

    def url(self) -> str:
        return f"unix://{quote(str(self.socket))}?db=0"

    def prepare(self) -> None:
        """Stops what an earlier run left behind. Redis moves into its data directory, so the folder tells whose it is."""
        socket_folder(self.layout)
        if not stop_all(
            pids_working_in(self.layout.redis, named=str(self.socket)), ((signal.SIGTERM, 10.0), (signal.SIGKILL, 5.0))
        ):
            raise EmbeddedError(f"A Redis that an earlier run left on {self.layout.redis} does not end.")

    def spec(self) -> ServiceSpec:
        return ServiceSpec(
            name="redis",
            command=(
                self.binary, "--port", "0", "--unixsocket", str(self.socket), "--unixsocketperm", "700", "--daemonize", "no",
                "--appendonly", "yes" if self.is_durable else "no", "--save", "", "--maxmemory-policy", "noeviction",
                "--databases",
                "64", "--loglevel", "warning",
            ),
            environment=plain_environment(),
            folder=self.layout.redis,
            is_ready=self.is_ready,
            before=self.prepare,
            stage=1,
            keep_fresh=(self.socket, self.socket.parent),
            file_only=("oO0OoO0OoO0Oo", "Redis version=", "Configuration loaded", "Memory overcommit", "scheduling shutdown"),
            stop_s=10.0,
        )  # fmt: skip

    def is_ready(self) -> bool:
        """Spoken by hand: three lines are enough, and it is asked ten times a second."""
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
            connection.settimeout(2)
            try:
                connection.connect(str(self.socket))
                connection.sendall(b"PING\r\n")
                return connection.recv(64).startswith(b"+PONG")
            except OSError:
                return False

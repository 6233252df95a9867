"""`genepool up`: everything on one machine, in the foreground. Ctrl-C stops all of it."""

import argparse
import contextlib
import os
import shlex
import socket
import sys
from dataclasses import dataclass
from pathlib import Path

from hub.cli import stack
from hub.cli.environment import data_dir_of, environment_forget, environment_write
from hub.cli.first_password import CHANGED
from hub.embedded import DataDirLock, EmbeddedError, EmbeddedServices, layout_make, services_for
from hub.embedded.console import Console
from hub.embedded.layout import Layout
from hub.embedded.processes import MARKER
from hub.embedded.records import ProcessRecords
from hub.embedded.supervisor import StopRequested, Supervisor

LOCAL_NAMES = ("127.0.0.1", "::1", "localhost")
# A backup or a check has to look into the store that the hub writes to. Keys go along only where a file holds them.
SHARED = (
    "SITE_URL", "ALLOWED_HOSTS", "GENEPOOL_URL", "STORAGE_URL", "S3_ENDPOINT", "S3_PUBLIC_ENDPOINT", "S3_REGION",
    "S3_ACCESS_KEY_FILE", "S3_SECRET_KEY_FILE", "SECRET_KEY_FILE", "TOKEN_PEPPER_FILE",
)  # fmt: skip
EVERY_ADDRESS = ("0.0.0.0", "::", "")  # noqa: S104 compared with, not bound


@dataclass(frozen=True)
class Options:
    host: str
    port: int
    data_dir: Path
    workers: int
    has_demo: bool
    ends_after_demo: bool


def _options(argv: list[str]) -> Options:
    parser = argparse.ArgumentParser(prog="genepool up", description="Runs a whole hub on this machine until Ctrl-C.")
    parser.add_argument(
        "--host", default="127.0.0.1", help="address to listen on (default: 127.0.0.1, this machine alone)"
    )
    parser.add_argument("--port", type=int, default=8000, help="port to listen on; 0 takes a free one (default: 8000)")
    parser.add_argument("--data-dir", help="where everything is kept (default: GENEPOOL_DATA, else .genepool here)")
    parser.add_argument("--no-demo", action="store_true", help="without the demo zoo")
    parser.add_argument(
        "--workers",
        type=int,
        default=max(1, stack.cores() // 2),
        help="how many jobs at a time (default: half the cores)",
    )
    parser.add_argument(
        "--exit-after-demo", action="store_true", help="stop once the demo zoo is loaded and its first merge is done"
    )
    given = parser.parse_args(argv)
    if not 0 <= given.port <= 65535:
        parser.error(f"--port is {given.port}. It must be from 0 to 65535.")
    if not 1 <= given.workers <= 256:
        parser.error(f"--workers is {given.workers}. It must be from 1 to 256.")
    if given.no_demo and given.exit_after_demo:
        parser.error("--no-demo and --exit-after-demo exclude each other.")
    return Options(
        given.host, given.port, data_dir_of(given.data_dir), given.workers, not given.no_demo, given.exit_after_demo
    )


def main(argv: list[str]) -> int:
    options = _options(argv)
    try:
        layout = layout_make(options.data_dir)
        lock = DataDirLock(layout.data_dir, "genepool up")
    except EmbeddedError as problem:
        sys.stderr.write(f"genepool: {problem}\n")
        return 1
    console = Console(layout.logs)
    try:
        return Up(options, layout, lock, console).run()
    except EmbeddedError as problem:
        console.plain(f"\ngenepool: {problem}")
        return 1
    except StopRequested:
        return 130 if options.ends_after_demo else 0
    finally:
        environment_forget(layout)
        lock.release()


class Up:
    def __init__(self, options: Options, layout: Layout, lock: DataDirLock, console: Console) -> None:
        self.options, self.layout, self.lock, self.console = options, layout, lock, console
        self.password_file = layout.secrets / "first_administrator"

    def run(self) -> int:
        left = ProcessRecords(self.layout).stop_orphans()
        if left:
            self.console.say(f"stopped {left} processes that an earlier run had left")
        services = services_for(self.layout, os.environ)
        with listen(self.options.host, self.options.port) as listener:
            address = address_of(self.options.host, listener.getsockname()[1])
            environment = self._environment(services, address)
            try:
                with Supervisor(self.layout, self.console) as supervisor:
                    try:
                        return self._serve(supervisor, services, environment, listener, address)
                    except (StopRequested, EmbeddedError):
                        self.console.say("stopping; once more to hurry")
                        raise
            finally:
                services.forget_sockets()

    def _serve(
        self,
        supervisor: Supervisor,
        services: EmbeddedServices,
        environment: dict[str, str],
        listener: socket.socket,
        address: str,
    ) -> int:
        self._start_services(supervisor, services)
        if supervisor.run(stack.prepare_spec(environment, self.password_file)) != 0:
            raise EmbeddedError(f"The hub could not be prepared. The last words:\n{self.console.last_lines('prepare')}")
        (self.layout.run / "metrics").mkdir(mode=0o700, exist_ok=True)
        specs = [
            stack.web_spec(environment, listener, self.layout),
            *stack.worker_specs(environment, self.layout, self.options.workers),
        ]
        for spec in specs:
            supervisor.start(spec)
        supervisor.wait_ready(*(spec.name for spec in specs))
        environment_write(self.layout, _to_share(services, environment))
        self.lock.say(address)
        status = self._load_demo(supervisor, environment) if self.options.has_demo else 0
        if self.options.ends_after_demo:
            return status
        self._greet(supervisor, environment, address)
        supervisor.watch()
        return 0

    def _start_services(self, supervisor: Supervisor, services: EmbeddedServices) -> None:
        ours = [service for service in (services.postgres, services.redis) if service]
        for service in ours:
            service.prepare()
            supervisor.start(service.spec())
        supervisor.wait_ready(*(service.spec().name for service in ours))
        if services.postgres:
            services.postgres.provision()

    def _environment(self, services: EmbeddedServices, address: str) -> dict[str, str]:
        mine = services.environment()
        if not os.environ.get("SITE_URL"):
            mine["SITE_URL"] = address
            if self.options.host not in LOCAL_NAMES:
                mine["ALLOWED_HOSTS"] = ",".join(
                    filter(None, [os.environ.get("ALLOWED_HOSTS", ""), *names_of_this_machine(self.options.host)])
                )
        return {
            **os.environ,
            **mine,
            "GENEPOOL_URL": address,
            MARKER: str(self.layout.data_dir),
            "DJANGO_SETTINGS_MODULE": "hub.config.settings",
        }

    def _load_demo(self, supervisor: Supervisor, environment: dict[str, str]) -> int:
        status = supervisor.run(stack.demo_spec(environment), may_draw=True)
        if status != 0:
            why = "" if self.console.is_terminal else f" Its log: {self.layout.logs / 'demo.log'}."
            self.console.say(
                f"the demo zoo was not loaded (status {status}).{why} The hub runs without it; the next start goes on where this one stopped."
            )
        return status

    def _greet(self, supervisor: Supervisor, environment: dict[str, str], address: str) -> None:
        self.console.plain(f"\nGenepool serves {address}")
        try:
            name, password = self.password_file.read_text().splitlines()
        except (OSError, ValueError):
            name = password = ""
        if password:
            status = supervisor.run(stack.first_password_spec(environment, self.password_file))
            self.console.plain(first_words(name, password, status, self.layout.data_dir))
            if status in (0, CHANGED):
                self.password_file.unlink()
        self.console.plain("Ctrl-C stops everything.\n")


def first_words(name: str, password: str, status: int, data_dir: Path) -> str:
    """`status` is that of `hub.cli.first_password`: whether the password that was made at the first start is still the account's."""
    if status == 0:
        return f"Sign in as {name} with the password {password}  (shown once)"
    renew = f"genepool user password {name} --data-dir {shlex.quote(str(data_dir))}"
    if status == CHANGED:
        return f"{name}'s password was changed since the account was made. Who lost it sets a new one: {renew}"
    return f"{name}'s first password could not be checked and is not shown; the next start tries again. To set a new one: {renew}"


def _to_share(services: EmbeddedServices, environment: dict[str, str]) -> dict[str, str]:
    """What other commands on this machine need; secrets stay in the files that these values name."""
    return {**services.environment(), **{name: environment[name] for name in SHARED if environment.get(name)}}


def listen(host: str, port: int) -> socket.socket:
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
    except socket.gaierror:
        raise EmbeddedError(f"{host!r} is no address of this machine. Try --host 127.0.0.1.") from None
    listener = socket.socket(family, kind, protocol)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(2048)
    except OSError as error:
        listener.close()
        if isinstance(error, PermissionError):
            raise EmbeddedError(
                f"Port {port} is for the administrator of this machine alone. Choose one above 1023 with --port."
            ) from None
        if error.errno == 98 or "in use" in str(error):
            raise EmbeddedError(
                f"Port {port} on {host} is in use by another program. Choose another with --port {port + 1 if port < 65535 else 8000}."
            ) from None
        raise EmbeddedError(f"Cannot listen on {host}, port {port}: {error.strerror}. Try --host 127.0.0.1.") from None
    return listener


def address_of(host: str, port: int) -> str:
    reached = stack.local_host(host or "0.0.0.0")  # noqa: S104 turned into the local address
    return f"http://[{reached}]:{port}" if ":" in reached else f"http://{reached}:{port}"


def names_of_this_machine(host: str) -> list[str]:
    """Under which names people may reach a hub that listens to others. Names behind a proxy come with SITE_URL."""
    if host not in EVERY_ADDRESS:
        return [host]
    name = socket.gethostname()
    found = [name, socket.getfqdn()]
    with contextlib.suppress(socket.gaierror):
        found += [str(entry[4][0]) for entry in socket.getaddrinfo(name, None, type=socket.SOCK_STREAM)]
    return list(dict.fromkeys(f"[{one}]" if ":" in one else one for one in found))

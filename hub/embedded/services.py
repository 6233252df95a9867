"""Both services for as long as a block lasts, for commands and tests that need the database but no web."""

import contextlib
import os
import subprocess
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from hub.embedded.errors import EmbeddedError
from hub.embedded.layout import Layout, layout_make
from hub.embedded.lock import DataDirLock
from hub.embedded.postgres import Postgres
from hub.embedded.redis import Redis
from hub.embedded.secret_files import secret_ensure
from hub.embedded.specs import ServiceSpec, spawn


@dataclass(frozen=True)
class EmbeddedServices:
    """What of the two is ours to run. A DATABASE_URL or REDIS_URL of the operator replaces the one it names."""

    layout: Layout
    postgres: Postgres | None
    redis: Redis | None

    def environment(self) -> dict[str, str]:
        """What the hub's settings need. Passwords and keys are named by file, so that no environment shows them."""
        found = {"GENEPOOL_DATA": str(self.layout.data_dir)}
        if self.postgres:
            secret_ensure(self.postgres.password_file)
            found |= {"DATABASE_URL": self.postgres.url(), "DATABASE_PASSWORD_FILE": str(self.postgres.password_file)}
        if self.redis:
            found["REDIS_URL"] = self.redis.url()
        for name in ("SECRET_KEY", "TOKEN_PEPPER"):
            if not (os.environ.get(name) or os.environ.get(f"{name}_FILE")):
                file = self.layout.secrets / name.lower()
                secret_ensure(file)
                found[f"{name}_FILE"] = str(file)
        return found

    def forget_sockets(self) -> None:
        """Leaves no empty folders in the temporary one. What is not empty is still in use, and stays."""
        for folder in (
            self.postgres.sockets if self.postgres else None,
            self.redis.socket.parent if self.redis else None,
        ):
            if folder:
                with contextlib.suppress(OSError):
                    folder.rmdir()


def services_for(layout: Layout, environ: Mapping[str, str], *, is_durable: bool = True) -> EmbeddedServices:
    def is_set(name: str) -> bool:
        return bool(environ.get(name) or environ.get(f"{name}_FILE"))

    return EmbeddedServices(
        layout,
        None if is_set("DATABASE_URL") else Postgres(layout, is_durable=is_durable),
        None if is_set("REDIS_URL") else Redis(layout, is_durable=is_durable),
    )


@contextlib.contextmanager
def embedded_services(
    data_dir: Path | str, *, what: str = "genepool", is_durable: bool = True
) -> Iterator[EmbeddedServices]:
    """Holds the data directory, starts what is ours, and stops it at the end of the block."""
    layout = layout_make(data_dir)
    lock = DataDirLock(layout.data_dir, what)
    try:
        services = services_for(layout, os.environ, is_durable=is_durable)
        with services_running(services, may_create_databases=not is_durable):
            yield services
    finally:
        lock.release()


@contextlib.contextmanager
def services_running(services: EmbeddedServices, *, may_create_databases: bool = False) -> Iterator[None]:
    """The same for a caller that holds the lock already."""
    try:
        with contextlib.ExitStack() as stack:
            running = []
            for service in (services.redis, services.postgres):
                if service:
                    service.prepare()
                    running.append((spec := service.spec(), stack.enter_context(_running(services.layout, spec))))
            for spec, process in running:
                wait_ready(spec, process, services.layout)
            if services.postgres:
                services.postgres.provision(may_create_databases=may_create_databases)
            yield
    finally:
        services.forget_sockets()


@contextlib.contextmanager
def _running(layout: Layout, spec: ServiceSpec) -> Iterator[subprocess.Popen[bytes]]:
    with open(layout.logs / f"{spec.name}.log", "ab") as log:
        process = spawn(spec, output=log)
    try:
        yield process
    finally:
        stop(spec, process)


def stop(spec: ServiceSpec, process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        process.send_signal(spec.stop)
        try:
            process.wait(spec.stop_s)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def wait_ready(spec: ServiceSpec, process: subprocess.Popen[bytes], layout: Layout) -> None:
    deadline = time.monotonic() + spec.ready_s
    log = layout.logs / f"{spec.name}.log"
    while not spec.is_ready():
        if process.poll() is not None:
            raise EmbeddedError(f"{spec.name} stopped at its start. Its last words, from {log}:\n{last_lines(log)}")
        if time.monotonic() > deadline:
            raise EmbeddedError(f"{spec.name} did not answer within {spec.ready_s:.0f} s. Its log: {log}")
        time.sleep(0.05)


def last_lines(log: Path, count: int = 8) -> str:
    return "\n".join(log.read_text(errors="replace").splitlines()[-count:]) if log.exists() else ""

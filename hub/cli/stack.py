"""What `genepool up` runs beside Postgres and Redis: the web, two Celery workers, and the programs that prepare and fill the hub."""

import http.client
import os
import signal
import socket
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from hub.embedded.layout import Layout
from hub.embedded.specs import ServiceSpec

CODE = Path(__file__).resolve().parents[2]  # `python -m` finds the packages from here, installed or not
WORKER_STOP_S = 60.0  # running jobs keep what they finished and go back to the queue


def _python(name: str, *arguments: str, environment: Mapping[str, str], **options: object) -> ServiceSpec:
    return ServiceSpec(
        name=name,
        command=(sys.executable, "-m", *arguments),
        environment={**environment, "PYTHONUNBUFFERED": "1"},
        folder=CODE,
        **options,  # type: ignore[arg-type]
    )


def prepare_spec(environment: Mapping[str, str], password_file: Path) -> ServiceSpec:
    return _python("prepare", "hub.cli.prepare", str(password_file), environment=environment)


def first_password_spec(environment: Mapping[str, str], password_file: Path) -> ServiceSpec:
    return _python("password", "hub.cli.first_password", str(password_file), environment=environment)


def demo_spec(environment: Mapping[str, str]) -> ServiceSpec:
    return _python("demo", "hub.cli.demo", environment=environment, stop_s=10.0)


def web_spec(environment: Mapping[str, str], listener: socket.socket, layout: Layout) -> ServiceSpec:
    """The listening socket is ours and is handed on: while the web restarts, requests wait instead of being refused."""
    address = listener.getsockname()
    return _python(
        "web", "gunicorn", "--config", "python:hub.config.gunicorn", "hub.config.wsgi",
        environment={**environment, "BIND": f"fd://{listener.fileno()}", "PROMETHEUS_MULTIPROC_DIR": str(layout.run / "metrics")},
        pass_fds=(listener.fileno(),),
        is_ready=lambda: _answers(local_host(address[0]), address[1]),
        stage=2,
        stop_s=25.0,
    )  # fmt: skip


def worker_specs(environment: Mapping[str, str], layout: Layout, workers: int) -> list[ServiceSpec]:
    """Two, so that a long merge never holds up sweep, imports or mail. The first one also carries the clock (beat)."""
    schedule = str(layout.run / "beat-schedule")
    return [
        _worker("worker", environment, layout, "-Q", "default,io", "-c", "2", "-B", "-s", schedule, "-n", "default@%h"),
        _worker("worker-cpu", environment, layout, "-Q", "cpu", "-c", str(workers), "-n", "cpu@%h"),
    ]


def _worker(name: str, environment: Mapping[str, str], layout: Layout, *arguments: str) -> ServiceSpec:
    ready = layout.run / f"{name}.ready"
    return _python(
        name, "celery", "-q", "-A", "hub.config.celery", "worker", *arguments, "-P", "prefork", "--without-gossip", "--without-mingle", "-l", "INFO",
        # SIGTERM stays a warm shutdown: running jobs are told at once, keep what they finished and go back to the queue.
        # REMAP_SIGTERM would tell them only after the whole worker_soft_shutdown_timeout (Celery 5.7).
        environment={**environment, "WORKER_READY_FILE": str(ready)},
        is_ready=ready.exists,
        before=_forgetting(ready),
        stop=signal.SIGTERM,
        stop_s=WORKER_STOP_S,
        stage=3,
    )  # fmt: skip


def _forgetting(file: Path) -> Callable[[], None]:
    return lambda: file.unlink(missing_ok=True)


def cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def local_host(host: str) -> str:
    """Where this machine reaches a server that listens on `host`."""
    return {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 read, not bound


def _answers(host: str, port: int) -> bool:
    connection = http.client.HTTPConnection(host, port, timeout=1.0)
    try:
        connection.request("GET", "/healthz")
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()

"""Starts services, keeps them running, stops them in order. One thread, one loop; a service that ends is started again."""

import contextlib
import os
import selectors
import signal
import subprocess
import time
from dataclasses import dataclass, field
from types import FrameType
from typing import Any

from hub.embedded.console import Console
from hub.embedded.errors import EmbeddedError
from hub.embedded.layout import Layout
from hub.embedded.records import ProcessRecords
from hub.embedded.specs import ServiceSpec, spawn

FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.5, 30.0
STEADY_S = 60.0  # after so long a run, the next end counts as the first one again
TRIES_AT_START = 5
TICK_S = 0.1
TOUCH_S = 3600.0
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class StopRequested(Exception):
    """Ctrl-C, SIGTERM or a closed terminal."""


@dataclass
class Service:
    spec: ServiceSpec
    process: subprocess.Popen[bytes] | None = None
    started_at: float = 0.0
    ends: int = 0  # in a row, without a steady run in between
    start_again_at: float = 0.0
    is_ready: bool = False
    buffer: bytearray = field(default_factory=bytearray)


class Supervisor:
    def __init__(self, layout: Layout, console: Console) -> None:
        self.layout, self.console = layout, console
        self.services: dict[str, Service] = {}
        self.records = ProcessRecords(layout)
        self._selector = selectors.DefaultSelector()
        self._stop_signals = 0
        self._is_stopping = False
        self._handlers: dict[signal.Signals, Any] = {}

    def __enter__(self) -> "Supervisor":
        self._handlers = {number: signal.signal(number, self._on_signal) for number in SIGNALS}
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
        for number, handler in self._handlers.items():
            signal.signal(number, handler)

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        self._stop_signals += 1

    # starting

    def start(self, spec: ServiceSpec) -> None:
        service = self.services[spec.name] = Service(spec)
        self._spawn(service)

    def _spawn(self, service: Service, *, is_on_terminal: bool = False) -> None:
        spec = service.spec
        spec.before()
        service.process = spawn(spec, output=None if is_on_terminal else subprocess.PIPE)
        service.started_at = time.monotonic()
        service.is_ready = False
        self.records.add(spec.name, service.process.pid)
        pipe = service.process.stdout
        if pipe:
            os.set_blocking(pipe.fileno(), False)
            self._selector.register(pipe, selectors.EVENT_READ, service)

    def _try_again(self, service: Service) -> None:
        try:
            self._spawn(service)
        except OSError as error:  # no memory, no more processes: the next try may find some
            service.ends += 1
            service.start_again_at = time.monotonic() + LONGEST_PAUSE_S
            self.console.say(f"{service.spec.name} cannot start: {error.strerror}; next try in {LONGEST_PAUSE_S:g} s")

    def wait_ready(self, *names: str) -> None:
        """Until all of them answer. One that ends again and again is given up with its last words."""
        for name in names:
            service = self.services[name]
            deadline = time.monotonic() + service.spec.ready_s
            while not service.is_ready:
                self.turn()
                if service.ends >= TRIES_AT_START:
                    raise EmbeddedError(f"{name} does not start. Its last words:\n{self.console.last_lines(name)}")
                if time.monotonic() > deadline:
                    log = self.layout.logs / f"{name}.log"
                    raise EmbeddedError(f"{name} did not answer within {service.spec.ready_s:.0f} s. Its log: {log}")
                service.is_ready = (
                    service.process is not None and not _has_ended(service.process) and service.spec.is_ready()
                )

    def run(self, spec: ServiceSpec, *, may_draw: bool = False) -> int:
        """A program that ends by itself; the services go on meanwhile. Its exit status.

        `may_draw`: on a terminal it writes there itself, a progress bar for one, and the services' lines go to their files alone.
        """
        task = Service(spec)
        self.console.is_quiet = may_draw and self.console.is_terminal
        self._spawn(task, is_on_terminal=self.console.is_quiet)
        process = task.process
        assert process is not None  # noqa: S101 just spawned
        try:
            while not _has_ended(process):
                self.turn()
        finally:
            self._end([task])
            self.console.is_quiet = False
        return process.returncode

    # running

    def watch(self) -> None:
        """Until somebody asks for the end."""
        touched_at = time.monotonic()
        while True:
            self.turn()
            if time.monotonic() - touched_at > TOUCH_S:
                touched_at = time.monotonic()
                self._touch()

    def _touch(self) -> None:
        """Temporary folders are swept of what nobody touched for days, sockets of a quiet hub among them."""
        for path in (path for service in self.services.values() for path in service.spec.keep_fresh):
            with contextlib.suppress(OSError):
                os.utime(path)

    def turn(self) -> None:
        """One turn of the loop: lines that came, services that ended, services whose pause is over."""
        if self._stop_signals and not self._is_stopping:
            raise StopRequested
        self._read(TICK_S)
        for service in self.services.values():
            if service.process is None:
                if time.monotonic() >= service.start_again_at:
                    self._try_again(service)
            elif _has_ended(service.process):
                self._note_end(service)

    def _read(self, timeout_s: float) -> None:
        for key, _ in self._selector.select(timeout_s):
            self._drain(key.data)

    def _drain(self, service: Service) -> None:
        pipe = service.process.stdout if service.process else None
        if pipe is None or pipe.closed:
            return
        with contextlib.suppress(BlockingIOError):
            chunk = os.read(pipe.fileno(), 65536)
            service.buffer += chunk
            if not chunk:
                self._selector.unregister(pipe)
                pipe.close()
        *lines, rest = service.buffer.split(b"\n")
        if pipe.closed or len(rest) > 65536:
            lines, rest = [*lines, rest], bytearray()
        service.buffer = bytearray(rest)
        for line in lines:
            self.console.line(service.spec.name, bytes(line), file_only=service.spec.file_only)

    def _note_end(self, service: Service) -> None:
        process = service.process
        assert process is not None  # noqa: S101 the caller saw it end
        self._reap(service, process)
        steady = time.monotonic() - service.started_at > STEADY_S
        service.ends = 1 if steady else service.ends + 1
        pause_s = min(FIRST_PAUSE_S * 2 ** (service.ends - 1), LONGEST_PAUSE_S)
        service.start_again_at = time.monotonic() + pause_s
        self.console.say(f"{service.spec.name} ended ({_how(process.returncode)}); it starts again in {pause_s:g} s")

    def _reap(self, service: Service, process: subprocess.Popen[bytes]) -> None:
        """Ends what its session still holds while the leader is unreaped: until then nobody else can get its number."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        self._drain(service)
        pipe = process.stdout
        if pipe and not pipe.closed:
            with contextlib.suppress(KeyError):
                self._selector.unregister(pipe)
            pipe.close()
        self.records.drop(service.spec.name)
        service.process = None

    # stopping

    def stop(self) -> None:
        """The last started first: workers, web, Redis, Postgres. A second signal takes the patience away."""
        self._is_stopping = True
        signals_before = self._stop_signals
        groups: dict[int, list[Service]] = {}
        for service in self.services.values():
            groups.setdefault(service.spec.stage, []).append(service)
        for stage in sorted(groups, reverse=True):
            self._end(groups[stage], signals_before)
        self.services.clear()

    def _end(self, services: list[Service], signals_before: int | None = None) -> None:
        left = [service for service in services if service.process is not None]
        for service in left:
            if service.process and not _has_ended(service.process):
                service.process.send_signal(service.spec.stop)
        started = time.monotonic()
        while left:
            self._read(0.05)
            is_hurried = signals_before is not None and self._stop_signals > signals_before
            for service in list(left):
                process = service.process
                if process is None:
                    left.remove(service)
                    continue
                if not _has_ended(process) and (is_hurried or time.monotonic() - started > service.spec.stop_s):
                    process.kill()
                if _has_ended(process):
                    self._reap(service, process)
                    left.remove(service)


def _has_ended(process: subprocess.Popen[bytes]) -> bool:
    """Looked at without reaping where the system allows that, so that the number stays ours for a moment longer."""
    if process.returncode is not None:
        return True
    if not hasattr(os, "waitid"):
        return process.poll() is not None
    try:
        return os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None
    except ChildProcessError:
        return process.poll() is not None


def _how(status: int) -> str:
    return f"signal {signal.Signals(-status).name}" if status < 0 else f"status {status}"

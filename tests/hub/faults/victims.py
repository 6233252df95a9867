"""Processes that die at a named step of an upload.

One process (`python -m tests.hub.faults.victims`) sets Django up once, then forks a child for each order that comes as a line of JSON
on its input; a child turns the step into its own death by SIGKILL, and sends an upload. What comes back is how the child ended.
Nothing of the hub knows of this: the step is a function of it, replaced in the child alone.
"""

import json
import os
import signal
import subprocess
import sys
import traceback
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import wraps
from importlib import import_module
from pathlib import Path
from typing import Any, NoReturn

ROOT = Path(__file__).resolve().parents[3]
MARK = "ended: "


@dataclass(frozen=True)
class Place:
    """`target` is module:attribute. Death comes `when` ("before" or "after") its `call`th call."""

    target: str
    when: str = "before"
    call: int = 1


@dataclass(frozen=True)
class Order:
    """`sender` names a function of `tests.hub.faults.sending`, `number` what it sends; `settings` are those of the hub that the test has."""

    place: Place
    sender: str
    token: str
    repo: str
    number: int
    settings: Mapping[str, Any]


class Victims:
    """Use as a context manager."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.hub.faults.victims"], cwd=ROOT, text=True, stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, env={**environment, "DJANGO_SETTINGS_MODULE": "hub.config.settings"},
        )  # fmt: skip

    def __enter__(self) -> "Victims":
        return self

    def __exit__(self, *_: object) -> None:
        self._process.communicate()

    def send(self, order: Order) -> str:
        """How it ended: "killed", or what else happened."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(asdict(order)) + "\n")
        self._process.stdin.flush()
        line = next(line for line in self._process.stdout if line.startswith(MARK))
        return str(json.loads(line.removeprefix(MARK)))


def arm(place: Place) -> None:
    module, _, path = place.target.partition(":")
    holder: Any = import_module(module)
    *outer, name = path.split(".")
    for part in outer:
        holder = getattr(holder, part)
    real, calls = getattr(holder, name), 0

    @wraps(real)
    def armed(*arguments: Any, **options: Any) -> Any:
        nonlocal calls
        calls += 1
        is_due = calls == place.call
        if is_due and place.when == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        result = real(*arguments, **options)
        if is_due:
            os.kill(os.getpid(), signal.SIGKILL)
        return result

    setattr(holder, name, armed)


def _die(order: Mapping[str, Any]) -> NoReturn:
    """Ends this process in any case; when not as it should, it says itself how."""
    try:
        import pytest
        from django.conf import settings

        from tests.hub.faults import sending

        for name, value in order["settings"].items():
            setattr(settings, name, value)
        sending.small_parts(pytest.MonkeyPatch())
        sender = getattr(sending, order["sender"])
        arm(Place(**order["place"]))
        sender(order["token"], order["repo"], order["number"])
        _answer("survived: the step never came")
    except BaseException:
        _answer(traceback.format_exc())
    finally:
        os._exit(0)


def _answer(text: str) -> None:
    """A line with this mark; the others are the log of the hub."""
    print(f"{MARK}{json.dumps(text)}", flush=True)


def _serve() -> None:
    import django

    django.setup()
    import_module("hub.config.urls")
    import_module("tests.hub.faults.sending")
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            _die(json.loads(line))
        status = os.waitpid(child, 0)[1]
        if status:
            killed = os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL
            _answer("killed" if killed else f"ended with {status}")


if __name__ == "__main__":
    _serve()

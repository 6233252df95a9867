"""What `up` shows and keeps: every line of every service with the service's name before it, and a file per service."""

import json
import os
import sys
from pathlib import Path
from typing import IO

COLOURS = {"up": 1, "web": 34, "postgres": 36, "redis": 35, "worker": 32, "prepare": 33, "demo": 33}
UNNAMED = ("demo",)  # what it says is a result for the person, not a log
WIDTH = 10
ROTATE_BYTES = 10_000_000
HIDDEN = ("ts", "level", "logger", "msg", "request_id", "task_id", "method", "status")


class Console:
    def __init__(self, logs: Path, stream: IO[str] | None = None) -> None:
        self.logs = logs
        self.stream = stream or sys.stdout
        self.is_terminal = self.stream.isatty()
        self.is_coloured = self.is_terminal and not os.environ.get("NO_COLOR")
        self.is_quiet = False  # while something else draws on the terminal: files only
        self._is_closed = False

    def say(self, text: str) -> None:
        """A word of `up` itself."""
        self._show("up", text)

    def plain(self, text: str = "") -> None:
        self._write(text + "\n")

    def line(self, name: str, raw: bytes, *, file_only: tuple[str, ...] = ()) -> None:
        text = raw.decode(errors="replace").rstrip()
        if text:
            self._keep(name, text)
            if name in UNNAMED:
                self._write(text + "\n")
            elif not self.is_quiet and not any(part in text for part in file_only):
                self._show(name, readable(text))

    def _show(self, name: str, text: str) -> None:
        label = name.ljust(WIDTH)
        colour = COLOURS.get(name.partition("-")[0], 37)
        self._write(f"\033[{colour}m{label}\033[0m {text}\n" if self.is_coloured else f"{label} {text}\n")

    def _write(self, text: str) -> None:
        if self._is_closed:
            return
        try:
            self.stream.write(text)
            self.stream.flush()
        except OSError:
            # The reader of our output has gone (`up | head`). The services go on, and so do their files.
            self._is_closed = True

    def _keep(self, name: str, text: str) -> None:
        path = self.logs / f"{name}.log"
        try:
            if path.exists() and path.stat().st_size > ROTATE_BYTES:
                path.replace(path.with_suffix(".log.1"))
            with path.open("a") as file:
                file.write(text + "\n")
        except OSError as error:
            # A full disk stops the files, not the services: Postgres says in its own words what it lacks.
            self._write(f"{'up'.ljust(WIDTH)} {path.name} cannot be written: {error.strerror}\n")

    def last_lines(self, name: str, count: int = 12) -> str:
        path = self.logs / f"{name}.log"
        return (
            "\n".join(readable(line) for line in path.read_text(errors="replace").splitlines()[-count:])
            if path.exists()
            else ""
        )


def readable(text: str) -> str:
    """A JSON line of ours as a person reads it; any other line as it is."""
    if not text.startswith("{"):
        return text
    try:
        fields = json.loads(text)
    except ValueError:
        return text
    if not isinstance(fields, dict) or "msg" not in fields:
        return text
    rest = " ".join(
        f"{name}={value}"
        for name, value in fields.items()
        if name not in HIDDEN and value is not None and name != "exception"
    )
    level = str(fields.get("level", ""))
    words = [
        level.upper() if level not in ("info", "debug", "") else "",
        str(fields["msg"]),
        f"({rest})" if rest else "",
    ]
    shown = " ".join(word for word in words if word)
    return f"{shown}\n{fields['exception']}" if fields.get("exception") else shown

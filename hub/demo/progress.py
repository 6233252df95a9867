"""How loading goes: a bar on a terminal, a line now and then in a log."""

import sys
from types import TracebackType
from typing import Protocol

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

LINE_EVERY = 0.1


class Steps(Protocol):
    def begin(self, title: str) -> None: ...
    def tell(self, done: float, total: float, message: str) -> None: ...


class Bars:
    """One bar per step."""

    def __init__(self, console: Console) -> None:
        columns = (
            TextColumn("{task.description}"),
            BarColumn(),
            TextColumn("{task.percentage:>3.0f} %"),
            TimeElapsedColumn(),
            TextColumn("{task.fields[message]}"),
        )
        self._progress = Progress(*columns, console=console)
        self._task: TaskID | None = None

    def __enter__(self) -> "Bars":
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._progress.stop()

    def begin(self, title: str) -> None:
        self._task = self._progress.add_task(title, total=1.0, message="")

    def tell(self, done: float, total: float, message: str) -> None:
        if self._task is not None:
            self._progress.update(self._task, completed=done, total=total or 1.0, message=message)


class Lines:
    """A line at the start of each step, and at each tenth of it."""

    def __init__(self) -> None:
        self._title, self._next = "", 0.0

    def __enter__(self) -> "Lines":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        return None

    def begin(self, title: str) -> None:
        self._title, self._next = title, LINE_EVERY
        _say(f"{title} …")

    def tell(self, done: float, total: float, message: str) -> None:
        share = done / total if total else 0.0
        if share + 1e-9 >= self._next:
            self._next = (int(share / LINE_EVERY + 1e-9) + 1) * LINE_EVERY
            width = round(share * 20)
            _say(f"{self._title} [{'=' * width}{' ' * (20 - width)}] {share:4.0%} {message}".rstrip())


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def steps_for(console: Console) -> Bars | Lines:
    return Bars(console) if console.is_terminal else Lines()

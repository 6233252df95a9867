"""What trials share, and what they do without: nothing of a trial is journalled but its score."""

from collections.abc import Callable
from typing import Any

from workers.engine.io.journal import Journal
from workers.engine.merge.measures import Measures


class Unkept(Journal):
    """A journal that keeps nothing: what rounds find out holds for one trial."""

    def __init__(self) -> None:
        pass

    def note(self, name: str) -> dict[str, Any] | None:
        return None

    def keep(self, name: str, note: dict[str, Any]) -> None:
        pass


class Unmeasured(Measures):
    """Looks at nothing: the diagnostics of a merge are those of the winner."""

    def see(self, *args: Any, **options: Any) -> None:
        pass

    def add(self, *args: Any, **options: Any) -> None:
        pass


class Pulse:
    """Reporter and cancel of a part of a trial: every sign of life is the trial's own."""

    def __init__(self, beat: Callable[[], None]) -> None:
        self._beat = beat

    def progress(self, done: float, total: float, unit: str = "", message: str = "") -> None:
        self._beat()

    def raise_if_requested(self) -> None:
        self._beat()

    def log(self, message: str, level: str = "info") -> None:
        self._beat()

    def metric(self, name: str, step: float, value: float) -> None:
        self._beat()

    def step(self, name: str, state: str, weight: float = 1.0) -> None:
        self._beat()

    def checkpoint(self, unit: str, **data: object) -> None:
        self._beat()

"""PACE: how long a run still takes, from the steps since this attempt began. A resumed run owes nothing to the first one's speed."""

import time
from collections import deque
from collections.abc import Callable

# The speed of the last so many marks counts: a machine that became slow is believed soon, and one slow step is no news.
MARKS = 20


class Pace:
    """`mark(done)` at any times; `left_s(done, total)` in seconds, None until two marks lie apart."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._marks: deque[tuple[float, float]] = deque(maxlen=MARKS)

    def mark(self, done: float) -> None:
        self._marks.append((self._clock(), done))

    def left_s(self, done: float, total: float) -> float | None:
        speed = self.per_s()
        return max(0.0, total - done) / speed if speed is not None else None

    def per_s(self) -> float | None:
        """How much is done in a second, None until two marks lie apart."""
        if len(self._marks) < 2:
            return None
        (began, first), (now, last) = self._marks[0], self._marks[-1]
        return (last - first) / (now - began) if last > first and now > began else None

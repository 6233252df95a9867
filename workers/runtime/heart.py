"""The heartbeat of one attempt, in a thread of its own: it goes on while files are hashed and published."""

import logging
import threading
import time
from collections.abc import Callable

from workers.runtime.ledger import Claim, Ledger, LedgerAway

logger = logging.getLogger(__name__)
WATCH_S = 1.0
SEEN_S = 10.0


class Heart:
    """Renews the lease every `every_s` seconds and looks every second whether the job was cancelled or taken away.

    `deadline` is on our own clock, counted from *before* the last renewal that worked: by then the child must be dead,
    because a margin later somebody else may hold the job.
    """

    def __init__(
        self, ledger: Ledger, claim: Claim, *, every_s: float, lease_s: float, alive: Callable[[Claim | None], None] = lambda claim: None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:  # fmt: skip
        self._ledger, self._claim, self._clock, self._alive = ledger, claim, clock, alive
        self._every_s, self._lease_s = every_s, lease_s
        self._margin_s = min(15.0, lease_s / 4)
        now = clock()
        self.deadline = now + lease_s - self._margin_s
        self._next_beat, self._next_seen = now + every_s, now
        self.is_lost = self.is_cancelled = False
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="heart", daemon=True)

    def is_over(self) -> bool:
        """Whether the job may no longer be ours: taken away, or not renewed in time."""
        return self.is_lost or self._clock() >= self.deadline

    def tick(self) -> None:
        """One look, or one renewal when it is due. A database that does not answer is asked again at the next tick."""
        now = self._clock()
        try:
            if now >= self._next_beat:
                beat = self._ledger.heartbeat(self._claim)
                if beat.is_held:
                    self.deadline = now + self._lease_s - self._margin_s
                    self._next_beat = now + self._every_s
            else:
                beat = self._ledger.watch(self._claim)
            self.is_lost = self.is_lost or not beat.is_held
            self.is_cancelled = self.is_cancelled or beat.is_cancelled
            if now >= self._next_seen:
                self._next_seen = now + SEEN_S
                self._alive(self._claim)
                self._ledger.seen(self._claim)
        except LedgerAway:
            return
        except Exception:
            # A full disk or a bug must not stop the heart: the lease then ends the attempt, in time and in order.
            logger.exception("heartbeat")

    def _run(self) -> None:
        try:
            while not self._stop.wait(min(WATCH_S, self._every_s)) and not self.is_lost:
                self.tick()
        finally:
            self._ledger.close()

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stop.set()
        self._thread.join(timeout=30)

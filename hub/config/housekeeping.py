"""What the hub clears away by itself, every night: a table of chores that the apps bring, and the garbage collection after them."""

import logging
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from pathlib import Path

from celery import shared_task
from django.conf import settings
from django.contrib.sessions.models import Session
from django.utils import timezone

from hub.benchmarks.selectors import commits_pinned
from hub.catalog.collecting import Collected, garbage_collect
from hub.jobs.selectors import commits_in_use
from hub.jobs.services import scratch_sweep

logger = logging.getLogger(__name__)
COLLECT_FOR_S = 480.0  # within the ten minutes of a housekeeping task; the rest is for the next one

_HOUSEKEEPING = {
    "acks_late": True,
    "reject_on_worker_lost": True,
    "soft_time_limit": 540,
    "time_limit": 600,
    "ignore_result": True,
}


@dataclass(frozen=True)
class Chore:
    """`path` is a function of an app that takes nothing and says how many things it removed. All may run at any time, twice, or half."""

    name: str
    label: str
    path: str

    def load(self) -> Callable[[], int]:
        module, _, function = self.path.partition(":")
        return getattr(import_module(module), function)  # type: ignore[no-any-return]


CHORES: tuple[Chore, ...] = (
    Chore("history", "log lines and webhook deliveries, after 30 days", "hub.jobs.services:history_sweep"),
    Chore("jobs", "jobs that left nothing, after 180 days", "hub.jobs.services.forgetting:jobs_forget"),
    Chore("tries", "tried inputs with their answers, after a week", "hub.recipes.trying:tries_forget"),
    Chore("scratch", "working folders of jobs, a day after their end", "hub.config.housekeeping:scratch_forget"),
    Chore("sessions", "sessions that have ended", "hub.config.housekeeping:sessions_forget"),
    Chore("devices", "devices whose session has ended", "hub.accounts.sessions:devices_forget"),
    Chore("tokens", "access tokens, 30 days after their end", "hub.accounts.expiry:tokens_forget"),
    Chore("invitations", "invitations nobody took, 30 days after their end", "hub.accounts.expiry:invitations_forget"),
    Chore("uploads", "uploads that nobody finished in a week", "hub.blobs.uploads:uploads_expire"),
    Chore("reservations", "room kept for files that never came, after a day", "hub.catalog.quotas:reservations_expire"),
    Chore("storing", "wishes about storage whose worker was lost", "hub.catalog.storing_work:storing_resume"),
    Chore("scans", "weight files that nobody searched for NaN yet", "hub.catalog.scanning:scans_resume"),
    Chore("xorbs", "packs of chunks that no client named lately", "hub.xet.xorbs:xorbs_expire"),
)


def scratch_forget() -> int:
    return scratch_sweep(root=Path(settings.SCRATCH_DIR))


def sessions_forget() -> int:
    ended = Session.objects.filter(expire_date__lt=timezone.now())
    return ended.delete()[0]


def chores_run() -> Iterator[tuple[Chore, int | None]]:
    """One after the other. One that fails is logged and does not keep the others from their work."""
    for chore in CHORES:
        try:
            yield chore, chore.load()()
        except Exception:
            logger.exception("the chore %s failed", chore.name)
            yield chore, None


def collect(*, is_dry_run: bool = False, wait_days: int | None = None, until: float | None = None) -> Collected:
    run = partial(garbage_collect, kept=commits_in_use() | commits_pinned(), is_dry_run=is_dry_run, until=until)
    return run() if wait_days is None else run(wait_days=wait_days)


@shared_task(name="hub.housekeeping", **_HOUSEKEEPING)
def housekeeping() -> None:
    """Once a day."""
    done = {chore.name: count for chore, count in chores_run()}
    logger.info("housekeeping: %s", done)
    collect_garbage.delay()


@shared_task(name="hub.gc", **_HOUSEKEEPING)
def collect_garbage() -> None:
    """After the chores, and again as long as there is more."""
    found = collect(until=time.monotonic() + COLLECT_FOR_S)
    logger.info("garbage collection: %s", found.as_dict())
    if not found.is_complete and not found.has_backup:
        collect_garbage.delay()

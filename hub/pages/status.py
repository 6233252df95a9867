"""The status line at the foot of every page: services, workers, GPU, free disk, last backup. Asked at most every ten seconds."""

import shutil
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from django.conf import settings
from django.core.cache import cache
from django.utils import timezone

from hub.jobs.selectors import workers_seen
from hub.pages.numbers import ago, size
from hub.pages.words import plural

KEY, FRESH_S = "pages:status-line", 10
LOW_DISK_BYTES = 2 * 10**9


@dataclass
class Part:
    text: str
    icon: str = ""
    state: str = ""


def _workers() -> list[Part]:
    alive = [seen.worker for seen in workers_seen() if seen.is_alive]
    if not alive:
        return [Part("No worker has reported for a minute. Jobs wait.", "alert", "warn")]
    busy = sum(worker.job_id is not None for worker in alive)
    words = (
        f"{len(alive)} {plural(len(alive), 'worker', 'workers')}, {busy} busy"
        if busy
        else f"{len(alive)} {plural(len(alive), 'worker', 'workers')}, idle"
    )
    devices = sorted({worker.device for worker in alive if worker.device and worker.device != "cpu"})
    return [
        Part("All services up", "check", "ok"),
        Part(words),
        Part(", ".join(devices) if devices else "CPU only, no GPU found"),
    ]


def _disk() -> Part:
    folder = settings.DATA_DIR
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    free = shutil.disk_usage(folder).free
    if free < LOW_DISK_BYTES:
        return Part(f"Only {size(free)} of disk free", "alert", "warn")
    return Part(f"{size(free)} free")


def backup_at() -> datetime | None:
    """When the last backup ended: the time of the marker that `genepool backup` leaves in the data directory."""
    marker = Path(settings.DATA_DIR) / "last-backup"
    return datetime.fromtimestamp(marker.stat().st_mtime, UTC) if marker.exists() else None


def _backup() -> Part:
    at = backup_at()
    return Part(f"Last backup {ago(at, timezone.now())}") if at else Part("No backup yet")


def status_line() -> list[Part]:
    stored = cache.get(KEY)
    if stored is None:
        parts = [*_workers(), _disk(), _backup()]
        cache.set(KEY, [asdict(part) for part in parts], FRESH_S)
        return parts
    return [Part(**part) for part in stored]

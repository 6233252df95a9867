"""The status line says what is true: of workers, disk and backup."""

from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.core.cache import cache
from django.utils import timezone

from hub.jobs.models import Worker
from hub.pages import status

pytestmark = pytest.mark.django_db


def make_worker(name: str, age_s: int = 0, device: str = "cpu", job=None) -> Worker:
    return Worker.objects.create(
        name=name,
        host="here",
        queues=["cpu"],
        device=device,
        job=job,
        seen_at=timezone.now() - timedelta(seconds=age_s),
    )


def line() -> str:
    cache.clear()
    return " · ".join(part.text for part in status.status_line())


def test_without_a_worker_it_says_that_jobs_wait():
    assert "No worker has reported for a minute. Jobs wait." in line()
    make_worker("old", age_s=120)
    assert "No worker has reported" in line()


def test_counts_workers_and_names_the_device():
    make_worker("one")
    make_worker("two", device="NVIDIA H100")
    assert "2 workers, idle" in line()
    assert "NVIDIA H100" in line()


def test_says_when_the_disk_is_nearly_full(monkeypatch):
    monkeypatch.setattr(status.shutil, "disk_usage", lambda folder: SimpleNamespace(free=10**9))
    assert "Only 1.00\u00a0GB of disk free" in line()


def test_says_when_the_last_backup_was(settings, tmp_path):
    settings.DATA_DIR = tmp_path
    assert "No backup yet" in line()
    (tmp_path / "last-backup").touch()
    assert "Last backup 0\u00a0s ago" in line()


def test_asks_the_database_once_in_ten_seconds(django_assert_num_queries):
    line()
    with django_assert_num_queries(0):
        status.status_line()

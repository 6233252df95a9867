"""The probes: /healthz touches nothing, /readyz names the part that does not work."""

import errno
import os

import pytest
from django.db import connection
from django.db.utils import OperationalError

from hub.config import health
from hub.config.readiness import NotReady, write_test


@pytest.fixture(autouse=True)
def _fresh(monkeypatch, settings, tmp_path):
    settings.STORAGE_URL = (tmp_path / "blobs").as_uri()
    monkeypatch.setitem(health.CHECKS, "storage", health.StorageTest())
    monkeypatch.setitem(health.CHECKS, "migrations", health.MigrationTest())


def test_healthz_touches_no_database(client):
    # Without the database mark any query would fail.
    answer = client.get("/healthz")
    assert (answer.status_code, answer.content) == (200, b"ok\n")


def test_probes_answer_whatever_the_site_is_called(client, settings):
    settings.ALLOWED_HOSTS = ["models.example.org"]
    assert client.get("/healthz", headers={"host": "127.0.0.1:8000"}).status_code == 200


@pytest.mark.django_db
def test_readyz_says_ok_for_every_part(client):
    answer = client.get("/readyz")
    assert answer.status_code == 200
    assert answer.json() == {
        "ready": True,
        "checks": dict.fromkeys(("database", "redis", "storage", "migrations"), "ok"),
    }
    assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.django_db
def test_a_lost_redis_makes_it_unready_and_shows_no_address(client, settings, tmp_path):
    settings.REDIS_URL = f"unix://{tmp_path}/nobody.sock?db=0"
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["checks"]["redis"] == "Redis does not answer."
    assert answer.json()["checks"]["database"] == "ok"
    assert str(tmp_path) not in answer.content.decode()


def test_a_lost_database_makes_it_unready(client, monkeypatch):
    def refuse(*arguments, **options):
        raise OperationalError("connection to 10.1.2.3 refused")

    monkeypatch.setattr(connection, "cursor", refuse)
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["checks"]["database"] == "The database does not answer."
    assert "10.1.2.3" not in answer.content.decode()


@pytest.mark.django_db
def test_a_full_disk_makes_it_unready(client, monkeypatch):
    def full(*arguments):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "write", full)
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["checks"]["storage"] == "The storage is full."


@pytest.mark.django_db
def test_open_migrations_make_it_unready(client, monkeypatch):
    monkeypatch.setattr(
        health.MigrationExecutor, "migration_plan", lambda self, targets: [("one", False), ("two", False)]
    )
    assert client.get("/readyz").json()["checks"]["migrations"] == "2 migrations are not applied."


@pytest.mark.django_db
def test_migrations_are_asked_until_they_are_done_and_then_no_more(monkeypatch):
    asked = []
    monkeypatch.setattr(health.MigrationExecutor, "migration_plan", lambda self, targets: asked.append(1) or [])
    test = health.MigrationTest()
    test()
    test()
    assert asked == [1]


def test_the_storage_is_tested_every_ten_seconds(monkeypatch):
    now, tests = [0.0], []
    monkeypatch.setattr(health, "write_test", lambda url, s3: tests.append(url))
    test = health.StorageTest(clock=lambda: now[0])
    for now[0] in (0.0, 9.9, 10.0, 15.0, 20.0):
        test()
    assert len(tests) == 3


def test_a_storage_that_failed_stays_failed_for_ten_seconds_and_then_heals(monkeypatch):
    now, answers = [0.0], [NotReady("full"), None]

    def answer(url, s3):
        if (found := answers.pop(0)) is not None:
            raise found

    monkeypatch.setattr(health, "write_test", answer)
    test = health.StorageTest(clock=lambda: now[0])
    for now[0] in (0.0, 5.0):
        with pytest.raises(NotReady, match="full"):
            test()
    now[0] = 10.0
    test()


def test_the_write_test_leaves_nothing(tmp_path):
    write_test((tmp_path / "a b" / "blobs").as_uri())
    assert list((tmp_path / "a b" / "blobs").iterdir()) == []

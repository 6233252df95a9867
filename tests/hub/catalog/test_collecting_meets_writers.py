"""The collection and a writer at the same moment: the writer wins, or is told before it has written anything."""

import threading
import time
from datetime import timedelta

import psycopg
import pytest
from django.db import connection, transaction
from django.utils import timezone

from hub.blobs import services
from hub.blobs.models import Blob, BlobGrant
from hub.blobs.services import driver
from hub.catalog.collecting import garbage_collect
from hub.catalog.services import commit_create
from hub.catalog.shield import BACKUP_LOCK
from hub.core.errors import Invalid, Unavailable
from tests.factories.catalog import add, make_blob, make_commit, make_repo

pytestmark = pytest.mark.django_db(transaction=True)

LONG_AGO = timedelta(days=30)


def old_blob(user, content: str) -> Blob:
    """Sent long ago, never named, marked long ago."""
    blob = make_blob(user, content)
    then = timezone.now() - LONG_AGO
    BlobGrant.objects.filter(blob=blob).update(created_at=then)
    Blob.objects.filter(pk=blob.pk).update(created_at=then, unused_since=then)
    return blob


def in_thread(work) -> threading.Thread:
    def run() -> None:
        try:
            work()
        finally:
            connection.close()

    thread = threading.Thread(target=run)
    thread.start()
    return thread


def wait_for_a_waiter() -> None:
    """Until somebody waits for a lock that this connection holds. The deadline only keeps a broken test from hanging."""
    deadline = time.monotonic() + 30
    with connection.cursor() as cursor:
        while time.monotonic() < deadline:
            cursor.execute(
                "SELECT count(*) FROM pg_locks WHERE NOT granted AND pg_backend_pid() = ANY(pg_blocking_pids(pid))"
            )
            if cursor.fetchone()[0]:
                return
            time.sleep(0.01)
    pytest.fail("nobody waits")


def test_a_commit_under_way_keeps_its_blob(alice):
    repo = make_repo(alice)
    blob = old_blob(alice, "old")
    found = []
    with transaction.atomic():
        make_commit(repo, alice, {"old.txt": "old"})
        Blob.objects.filter(pk=blob.pk).update(unused_since=timezone.now() - LONG_AGO)  # as if it had been marked since
        thread = in_thread(lambda: found.append(garbage_collect()))
        wait_for_a_waiter()
    thread.join()
    assert found[0].blobs_deleted == 0
    assert Blob.objects.get(pk=blob.pk).tree_entries.count() == 1
    assert driver().stat(blob.pk) == 3


def test_a_commit_that_comes_too_late_is_told_so_and_leaves_nothing(alice):
    repo = make_repo(alice)
    operation = add(alice, "old.txt", "old")
    old_blob(alice, "old")
    garbage_collect()
    with pytest.raises(Invalid, match="Upload them again"):
        commit_create(repo=repo, branch="main", user=alice, operations=[operation], title="Late")
    repo.refresh_from_db()
    assert repo.commits.count() == 1


def test_an_upload_of_bytes_that_are_just_being_removed_is_asked_to_come_again(alice, monkeypatch):
    blob = old_blob(alice, "old")
    real = driver()

    class Unlucky:
        """Between the bytes and the row, the collection comes by."""

        def put_stream(self, *arguments, **options):
            stored = real.put_stream(*arguments, **options)
            garbage_collect()
            return stored

        def __getattr__(self, name):
            return getattr(real, name)

    with monkeypatch.context() as patch:
        patch.setattr(services, "driver", Unlucky)
        with pytest.raises(Unavailable, match="once more"):
            make_blob(alice, "old")
    assert not Blob.objects.filter(pk=blob.pk).exists()
    assert make_blob(alice, "old").pk == blob.pk
    assert real.stat(blob.pk) == 3


def test_rows_without_bytes_never_appear_however_uploads_and_collections_meet(alice):
    """Sixty rounds of both at once. Whatever the order, each row that is there at the end has its bytes."""
    blob = make_blob(alice, "contested")
    stop = threading.Event()
    refused = []

    def collect() -> None:
        while not stop.is_set():
            then = timezone.now() - LONG_AGO
            BlobGrant.objects.filter(blob=blob).update(created_at=then)
            Blob.objects.filter(pk=blob.pk).update(created_at=then, unused_since=then)
            garbage_collect()

    thread = in_thread(collect)
    try:
        for _ in range(60):
            try:
                make_blob(alice, "contested")
            except Unavailable:
                refused.append(1)
    finally:
        stop.set()
        thread.join()
    assert len(refused) < 60
    if Blob.objects.filter(pk=blob.pk).exists():
        assert driver().stat(blob.pk) is not None


def test_nothing_goes_while_a_backup_runs(alice):
    blob = old_blob(alice, "old")
    parameters = connection.get_connection_params()
    with psycopg.connect(
        **{name: parameters[name] for name in ("host", "port", "user", "password", "dbname") if name in parameters}
    ) as other:
        other.execute("SELECT pg_advisory_lock_shared(%s)", [BACKUP_LOCK])
        found = garbage_collect()
        assert (found.has_backup, found.is_complete, found.blobs_deleted) == (True, False, 0)
        assert driver().stat(blob.pk) == 3
    assert garbage_collect().blobs_deleted == 1

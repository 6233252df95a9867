"""Rows of blobs against their bytes, while others upload and the garbage collection removes.

Bytes come first and go last, so a row names bytes that are there. The one gap is an upload of bytes that are just being removed:
it finds them in the store, and they are gone a moment later. A lock per hash, held only around row and look, closes it.
"""

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor

from django.db import connection, transaction
from django.utils import timezone

from hub.blobs.drivers import Driver, Stored
from hub.blobs.models import Blob, Delta
from hub.core.errors import Invalid, Unavailable

BYTES_LOCK = 704_181  # the first half of a two-part lock; the second is made of the hash
LOOKERS = 8  # looking is waiting for the store


def blob_row_ensure(*, stored: Stored, driver: Driver) -> Blob:
    """The row of bytes that were just stored. A blob that was marked as unused is in use again."""
    return blob_rows_ensure(stored=[stored], driver=driver)[stored.sha256]


@transaction.atomic
def blob_rows_ensure(*, stored: Iterable[Stored], driver: Driver) -> dict[str, Blob]:
    """The rows of many, by their hash, in a handful of questions to the database."""
    # in one order, so that two of these at once never wait for each other
    rows = {
        one.sha256: Blob(sha256=one.sha256, size_bytes=one.size_bytes, git_sha1=one.git_sha1)
        for one in sorted(stored, key=lambda one: one.sha256)
    }
    _locks_share(list(rows))
    Blob.objects.bulk_create(rows.values(), ignore_conflicts=True)
    held = Blob.objects.select_for_update(no_key=True).filter(pk__in=rows).order_by("pk").values_list("pk", flat=True)
    lost = rows.keys() - set(held)
    if lost:
        # They were there, and were just being collected: the locks were ours only after that. Nobody removes these.
        Blob.objects.bulk_create([rows[sha256] for sha256 in sorted(lost)], ignore_conflicts=True)
    Blob.objects.filter(pk__in=rows, unused_since__isnull=False).update(unused_since=None)
    Delta.objects.filter(pk__in=rows, has_plain=False).update(has_plain=True, since=timezone.now())
    if not _all_there(list(rows), driver):
        raise Unavailable("This file was being removed from the store at the same moment. Send it once more.")
    return rows


def _all_there(sha256s: list[str], driver: Driver) -> bool:
    if len(sha256s) == 1:
        return driver.stat(sha256s[0]) is not None
    # Threads ask the store alone: what is kept as a difference is known to the database, and our transaction is in this thread.
    plain: Driver = getattr(driver, "plain", driver)
    with ThreadPoolExecutor(LOOKERS) as pool:
        sizes = list(pool.map(plain.stat, sha256s))
    return all(size is not None or driver.stat(sha256) is not None for sha256, size in zip(sha256s, sizes, strict=True))


def blobs_revive(sha256s: Iterable[str]) -> None:
    """For who is about to name these blobs: what was marked as unused is not collected in the week that follows.

    Raises:
        Invalid: one is gone already. Its bytes have to be sent again.
    """
    wanted = set(sha256s)
    if not wanted:
        return
    Blob.objects.filter(pk__in=wanted, unused_since__isnull=False).update(unused_since=None)
    missing = wanted - set(Blob.objects.filter(pk__in=wanted).values_list("pk", flat=True))
    if missing:
        raise Invalid(
            f"{len(missing)} files of this commit were removed from the store, because nothing had named them for a week: "
            f"{', '.join(sorted(missing)[:3])}. Upload them again."
        )


@transaction.atomic
def bytes_drop(*, sha256: str, driver: Driver) -> bool:
    """Removes bytes that no row names. False when a row came back meanwhile."""
    lock_alone(sha256)
    if Blob.objects.filter(pk=sha256).exists():
        return False
    driver.delete(sha256)
    return True


@transaction.atomic
def plain_drop(*, sha256: str, driver: Driver) -> bool:
    """Removes bytes that can be rebuilt. False when they may not be any more: the lock keeps out who writes them again."""
    lock_alone(sha256)
    if not Delta.objects.filter(pk=sha256).update(has_plain=False):
        return False
    driver.delete(sha256)
    return True


def _lock_of(sha256: str) -> int:
    return int(sha256[:8], 16) - 2**31


def _locks_share(sha256s: list[str]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_xact_lock_shared(%s, place) FROM unnest(%s::int[]) AS place",
            [BYTES_LOCK, sorted(map(_lock_of, sha256s))],
        )


def lock_alone(sha256: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [BYTES_LOCK, _lock_of(sha256)])

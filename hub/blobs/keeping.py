"""Rows of blobs against their bytes, while others upload and the garbage collection removes.

Bytes come first and go last, so a row names bytes that are there. The one gap is an upload of bytes that are just being removed:
it finds them in the store, and they are gone a moment later. A lock per hash, held only around row and look, closes it.
"""

from collections.abc import Iterable

from django.db import connection, transaction

from hub.blobs.drivers import Driver, Stored
from hub.blobs.models import Blob
from hub.core.errors import Invalid, Unavailable

BYTES_LOCK = 704_181  # the first half of a two-part lock; the second is made of the hash


@transaction.atomic
def blob_row_ensure(*, stored: Stored, driver: Driver) -> Blob:
    """The row of bytes that were just stored. A blob that was marked as unused is in use again."""
    _lock(stored.sha256, "pg_advisory_xact_lock_shared")
    row = Blob(sha256=stored.sha256, size_bytes=stored.size_bytes, git_sha1=stored.git_sha1)
    Blob.objects.bulk_create([row], ignore_conflicts=True)
    if Blob.objects.select_for_update(no_key=True).filter(pk=stored.sha256).first() is None:
        # It was there, and was just being collected: the lock was ours only after that. Nobody removes this one.
        Blob.objects.bulk_create([row], ignore_conflicts=True)
    Blob.objects.filter(pk=stored.sha256, unused_since__isnull=False).update(unused_since=None)
    if driver.stat(stored.sha256) is None:
        raise Unavailable("This file was being removed from the store at the same moment. Send it once more.")
    return row


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
    _lock(sha256, "pg_advisory_xact_lock")
    if Blob.objects.filter(pk=sha256).exists():
        return False
    driver.delete(sha256)
    return True


def _lock(sha256: str, function: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {function}(%s, %s)", [BYTES_LOCK, int(sha256[:8], 16) - 2**31])

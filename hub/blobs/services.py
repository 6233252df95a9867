"""Writing and reading blobs. Bytes first, row second: a row never names bytes that are not there."""

from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from django.conf import settings
from django.db import transaction

from hub.accounts.models import User
from hub.blobs.drivers import CHUNK_BYTES, Driver, Stored, open_driver
from hub.blobs.drivers.deltas import DeltaDriver
from hub.blobs.errors import driver_errors
from hub.blobs.keeping import blob_row_ensure, blob_rows_ensure
from hub.blobs.models import Blob, BlobGrant
from hub.blobs.selectors import kept_find

WRITERS = 8  # a small file is mostly waiting for the disk or the bucket


def store() -> Driver:
    """Bytes as they lie there. Asks no database."""
    return open_driver(settings.STORAGE_URL, settings.S3)


def driver() -> Driver:
    """Gives every blob whole, also those that are kept as a difference from another one."""
    return DeltaDriver(store(), kept_find)


def blob_put(*, chunks: Iterable[bytes], user: User, sha256: str | None = None, size: int | None = None) -> Blob:
    """Stores what `chunks` brings and grants `user` the use of it by hash. What does not match `sha256` or `size` is not kept."""
    with driver_errors():
        stored = driver().put_stream(chunks, sha256=sha256, size=size)
    return blob_record(stored=stored, user=user)


def blob_record(*, stored: Stored, user: User) -> Blob:
    """The row of bytes that `user` has just brought, and the user's right to name them."""
    with driver_errors(), transaction.atomic():
        row = blob_row_ensure(stored=stored, driver=driver())
        blob_grant(blob=row, user=user)
    return row


def blobs_put(*, contents: Sequence[bytes], user: User) -> list[Blob]:
    """Many small files at once: their bytes side by side, their rows in one transaction. In the order of `contents`."""
    store = driver()
    with driver_errors(), ThreadPoolExecutor(WRITERS) as pool:
        every = list(pool.map(lambda content: store.put_stream([content], size=len(content)), contents))
    with driver_errors(), transaction.atomic():
        rows = blob_rows_ensure(stored=every, driver=store)
        BlobGrant.objects.bulk_create([BlobGrant(blob=row, user=user) for row in rows.values()], ignore_conflicts=True)
    return [rows[stored.sha256] for stored in every]


def blob_put_file(*, path: Path, user: User) -> Blob:
    with path.open("rb") as file:
        return blob_put(chunks=iter(lambda: file.read(CHUNK_BYTES), b""), user=user, size=path.stat().st_size)


def blob_grant(*, blob: Blob, user: User) -> None:
    BlobGrant.objects.bulk_create([BlobGrant(blob=blob, user=user)], ignore_conflicts=True)


def blob_read(*, blob: Blob, start: int = 0, end: int | None = None) -> Iterator[bytes]:
    """Chunks of at most 1 MiB of the bytes from `start` up to, not including, `end`."""
    with driver_errors():
        return driver().open(blob.sha256, start, end)


def blob_bytes(*, blob: Blob, start: int = 0, end: int | None = None) -> bytes:
    with driver_errors():
        return b"".join(blob_read(blob=blob, start=start, end=end))

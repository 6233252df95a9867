"""Keeping a blob as its difference from another one, and as it was again.

Packing: the difference is written and hashed, the file rebuilt from it and hashed, and only then a row says that it is there. The
file's own bytes go later, by the garbage collection, and only after it has rebuilt the file once more. Killed anywhere, the file is
whole in one form or the other, and asking again goes on.
"""

import hashlib
import logging
from collections.abc import Iterator, Sequence

from django.db import transaction

from hub.blobs.drivers import Driver, DriverError, Stored
from hub.blobs.drivers.deltas import Kept
from hub.blobs.errors import driver_errors
from hub.blobs.keeping import blob_row_ensure, bytes_drop, lock_alone, plain_drop
from hub.blobs.models import Blob, Delta
from hub.blobs.selectors import kept_find
from hub.blobs.services import store
from hub.core.errors import Conflict, Unavailable

logger = logging.getLogger(__name__)
LEAST_SAVED = 0.05  # of the file; for less, rebuilding it on every read is not worth it


class NothingSaved(Conflict):
    """The file and its base have too little in common. Nothing was changed."""


def blob_pack(*, blob: Blob, base: Blob, runs: Sequence[tuple[int, int | None, int]]) -> Delta:
    """`runs`: size, place in the base (None: no counterpart) and width of the numbers, for the whole of the file in order.

    Takes as long as reading both and packing one. May run twice at once, and again after a kill.

    Raises:
        NothingSaved: less than `LEAST_SAVED` of the file.
        Conflict: the base is kept as a difference itself, or others are kept as differences from this blob.
    """
    found = Delta.objects.filter(pk=blob.pk).first()
    if found is not None:
        return found
    _chain_refuse(blob, base)
    with driver_errors():
        stored = _packed_write(blob, base, runs)
        kept = Kept(blob.sha256, blob.size_bytes, base.sha256, stored.sha256)
        if not rebuilds(store(), kept):
            bytes_drop(sha256=stored.sha256, driver=store())
            raise Unavailable("The file did not come out the same when it was rebuilt. It stays as it is; try again.")
    return _record(blob, base, stored)


def _packed_write(blob: Blob, base: Blob, runs: Sequence[tuple[int, int | None, int]]) -> Stored:
    # numpy is loaded here only: the web answers without it
    from hub.blobs.drivers.delta_file import Run, delta_write
    from hub.blobs.drivers.delta_reading import Cursor

    every = [Run(*run) for run in runs]
    if sum(run.size for run in every) != blob.size_bytes:
        raise ValueError(f"The runs are not the whole of {blob.sha256}.")
    new, old = Cursor(store(), blob.sha256, blob.size_bytes), Cursor(store(), base.sha256, base.size_bytes)
    chunks = delta_write(sha256=blob.sha256, base=base.sha256, runs=every, new=new.take, old=old.take)
    return store().put_stream(_while_worth(chunks, blob))


def _while_worth(chunks: Iterator[bytes], blob: Blob) -> Iterator[bytes]:
    """Ends the writing as soon as it is known not to pay; the store keeps nothing of it."""
    written, most = 0, (1 - LEAST_SAVED) * blob.size_bytes
    for chunk in chunks:
        written += len(chunk)
        if written > most:
            raise NothingSaved(
                f"Kept as a difference it would take more than {1 - LEAST_SAVED:.0%} of its size: too few bits agree with the base."
            )
        yield chunk


def rebuilds(driver: Driver, kept: Kept) -> bool:
    """Whether base and difference give the file, to the last bit."""
    from hub.blobs.drivers.delta_reading import rebuilt

    digest = hashlib.sha256()
    try:
        for chunk in rebuilt(driver, kept):
            digest.update(chunk)
    except DriverError as error:
        logger.error("storage: %s is not rebuilt: %s", kept.sha256, error)
        return False
    return digest.hexdigest() == kept.sha256


@transaction.atomic
def _record(blob: Blob, base: Blob, stored: Stored) -> Delta:
    # In one order, and against the collection: it skips rows that are held, and looks again at what names them.
    held = list(Blob.objects.select_for_update(no_key=True).filter(pk__in=[blob.pk, base.pk]).order_by("pk"))
    if len(held) != 2:
        raise Conflict("The file or its base was removed meanwhile.")
    _chain_refuse(blob, base)
    Blob.objects.filter(pk=base.pk, unused_since__isnull=False).update(unused_since=None)
    packed = blob_row_ensure(stored=stored, driver=store())
    delta, _ = Delta.objects.get_or_create(blob=blob, defaults={"base": base, "packed": packed})
    return delta


def _chain_refuse(blob: Blob, base: Blob) -> None:
    if blob.pk == base.pk:
        raise NothingSaved("File and base have the same bytes, which are kept once already.")
    if Delta.objects.filter(pk=base.pk).exists():
        raise Conflict(
            "The base is kept as a difference itself. Keep this file as a difference from the base's own base."
        )
    if Delta.objects.filter(base=blob).exists():
        raise Conflict("Other files are kept as differences from this one, so it has to stay whole.")


def blob_unpack(*, blob: Blob) -> bool:
    """Writes the file out whole again. False when it was not kept as a difference."""
    kept = kept_find(blob.sha256)
    if kept is None:
        return False
    from hub.blobs.drivers.delta_reading import rebuilt

    with driver_errors():
        if store().stat(blob.sha256) != blob.size_bytes:
            store().put_stream(rebuilt(store(), kept), sha256=blob.sha256, size=blob.size_bytes)
        with transaction.atomic():
            lock_alone(blob.sha256)  # `plain_drop` is over, or has not begun and will find no row
            if store().stat(blob.sha256) != blob.size_bytes:
                raise Unavailable("The file was collected at the same moment. Try once more.")
            Delta.objects.filter(pk=blob.pk).delete()
    return True


def plain_let_go(delta: Delta) -> int:
    """Drops the bytes of a file that is rebuilt from others, after rebuilding it. Gives how many were freed.

    Where it cannot be rebuilt, its own bytes stay and the row goes: the file is kept as it was before.
    """
    kept = kept_find(delta.blob_id)
    if kept is None:
        return 0
    size = store().stat(kept.sha256)
    if size is None:
        Delta.objects.filter(pk=delta.pk).update(has_plain=False)
        return 0
    if not rebuilds(store(), kept):
        Delta.objects.filter(pk=delta.pk).delete()
        return 0
    return size if plain_drop(sha256=kept.sha256, driver=store()) else 0

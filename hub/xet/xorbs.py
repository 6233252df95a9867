"""Keeping xorbs, reading chunks out of them, and letting go of those that nobody has used for a month."""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

from django.db.models import Sum
from django.utils import timezone

from hub.accounts.models import User
from hub.blobs.services import blob_put, blob_read
from hub.xet.chunks import XorbStream, chunks_decode, index_read
from hub.xet.errors import BadXet
from hub.xet.models import Xorb
from hub.xet.shards import Segment

# Clients remember for 21 days what they have sent.
KEEP_DAYS = 30


def xorb_store(*, user: User, hash: str, pieces: Iterable[bytes]) -> bool:
    """True when it was not here. The same hash again replaces it, which mends what once came wrong.

    The hash is taken as said: a xorb is its sender's alone, and each file made of it is held to its sha256.
    """
    stream = XorbStream(pieces)
    blob = blob_put(chunks=stream, user=user)
    _, is_new = Xorb.objects.update_or_create(
        user=user, hash=hash, defaults={"blob": blob, "index": stream.index, "used_at": timezone.now()}
    )
    return is_new


def segment_read(xorb: Xorb, segment: Segment) -> Iterator[bytes]:
    """The content of these chunks, one at a time."""
    index = index_read(bytes(xorb.index))
    if segment.end > len(index) or sum(raw for _, raw in index[segment.start : segment.end]) != segment.size_bytes:
        raise BadXet("A segment does not fit the xorb that it names.")
    start = index[segment.start - 1][0] if segment.start else 0
    yield from chunks_decode(blob_read(blob=xorb.blob, start=start, end=index[segment.end - 1][0]))


def xorbs_sent(*, user: User, since: datetime) -> int:
    """Bytes of what came since then: a client sends before it knows how much it will be."""
    rows = Xorb.objects.filter(user=user, created_at__gte=since)
    return rows.aggregate(total=Sum("blob__size_bytes"))["total"] or 0


def xorbs_expire(*, now: datetime | None = None) -> int:
    """How many were let go of. Their bytes go with the garbage collection."""
    due = Xorb.objects.filter(used_at__lt=(now or timezone.now()) - timedelta(days=KEEP_DAYS))
    return due.delete()[1].get("xet.Xorb", 0)

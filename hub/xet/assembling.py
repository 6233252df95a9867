"""From a shard to blobs: each file is put together chunk by chunk on its way to the store, outside of any transaction."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from django.conf import settings
from django.db import connection
from django.utils import timezone

from hub.accounts.models import User
from hub.blobs.drivers.base import SHA256
from hub.blobs.selectors import blob_get, has_sent
from hub.blobs.services import blob_put
from hub.core.errors import Invalid, TooLarge, TooMany
from hub.xet.errors import BadXet, ChunksMissing
from hub.xet.generation import renew
from hub.xet.models import Xorb
from hub.xet.shards import Segment, ShardFile
from hub.xet.xorbs import segment_read

FILE_LOCK = 704_182
WAIT_S = 90  # less than the two minutes after which a client asks again
_BATCH = 1000


def file_assemble(*, user: User, file: ShardFile) -> bool:
    """False when these bytes are here already, sent by the same user. May be repeated, also while it runs."""
    if file.size_bytes > settings.MAX_UPLOAD_BYTES:
        raise TooLarge(f"{file.size_bytes} bytes; a file has at most {settings.MAX_UPLOAD_BYTES} here.")
    _use(user, file)
    with _alone(user, file.sha256):
        if _is_here(user, file.sha256):
            return False
        try:
            blob_put(chunks=_content(user, file.segments), user=user, sha256=file.sha256, size=file.size_bytes)
        except (Invalid, BadXet) as error:
            # One of the chunks is not what the client thinks that it sent. It must not go on building on it.
            renew(user)
            raise BadXet(f"The chunks do not make the file that was said: {error.message} Upload it again.") from error
    return True


def _is_here(user: User, sha256: str) -> bool:
    # SECURITY: that somebody else has sent the same is not told, and gives no right to it
    blob = blob_get(sha256) if SHA256.fullmatch(sha256) else None
    return blob is not None and has_sent(user, blob)


def _use(user: User, file: ShardFile) -> None:
    """Looks for every xorb before the first byte is written, and keeps them for another month."""
    names = sorted({segment.xorb for segment in file.segments})
    for at in range(0, len(names), _BATCH):
        some = names[at : at + _BATCH]
        if Xorb.objects.filter(user=user, hash__in=some).update(used_at=timezone.now()) != len(some):
            renew(user)
            raise ChunksMissing(
                "This hub does not have some of the chunks any more that the client has sent before. Upload again: it sends them afresh."
            )


def _content(user: User, segments: list[Segment]) -> Iterator[bytes]:
    held: Xorb | None = None
    for segment in segments:
        if held is None or held.hash != segment.xorb:
            held = Xorb.objects.select_related("blob").filter(user=user, hash=segment.xorb).first()
        if held is None:
            raise BadXet("A xorb was let go of at this moment.")
        yield from segment_read(held, segment)


@contextmanager
def _alone(user: User, sha256: str) -> Iterator[None]:
    """A client that lost patience asks again while the first request still works: the second waits for what the first makes."""
    key = (int(sha256[:8], 16) ^ (user.pk & 0xFFFFFFFF)) - 2**31
    end = time.monotonic() + WAIT_S
    with connection.cursor() as cursor:
        while not _ask(cursor, "pg_try_advisory_lock", key):
            if time.monotonic() > end:
                raise TooMany("This file is being put together. Ask again in a while.", headers={"Retry-After": "30"})
            time.sleep(0.5)
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            _ask(cursor, "pg_advisory_unlock", key)


def _ask(cursor: object, function: str, key: int) -> bool:
    cursor.execute(f"SELECT {function}(%s, %s)", [FILE_LOCK, key])  # type: ignore[attr-defined]
    return bool(cursor.fetchone()[0])  # type: ignore[attr-defined]

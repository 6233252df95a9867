"""Files that come in parts. The driver knows which parts are here, so a dead process or a lost answer loses none of them."""

from collections.abc import Iterable, Sequence
from datetime import timedelta

from django.conf import settings
from django.utils import timezone

from hub.accounts.models import Namespace, User
from hub.blobs.drivers import DigestMismatch, DriverError, Missing, Part
from hub.blobs.errors import driver_errors
from hub.blobs.models import Blob, Upload
from hub.blobs.selectors import blob_get, has_sent
from hub.blobs.services import blob_record, driver
from hub.core.errors import Conflict, Invalid, TooLarge

LIFE = timedelta(days=7)
PART_BYTES, PARTS_MAX = 16 * 2**20, 9000  # a bucket takes parts from 5 MiB, and ten thousand of them
_GONE = "This upload is not open any more. Start it again."


def upload_start(*, user: User, namespace: Namespace, sha256: str, size: int) -> Upload:
    """The open upload of this file, or a new one. Each person has their own: nobody learns what another is sending."""
    if size > settings.MAX_UPLOAD_BYTES:
        raise TooLarge(f"{size} bytes; a file has at most {settings.MAX_UPLOAD_BYTES} here.")
    if size <= 0:
        raise Invalid("An empty file does not come in parts.")
    now = timezone.now()
    found = Upload.objects.filter(user=user, namespace=namespace, sha256=sha256).first()
    if found is not None:
        if found.size_bytes == size and found.expires_at > now and _is_open(found):
            return found
        upload_abort(upload=found)
    with driver_errors(_GONE):
        reference = driver().multipart_start(sha256=sha256, size=size)
    row = Upload(
        user=user, namespace=namespace, sha256=sha256, size_bytes=size, part_bytes=part_bytes_for(size),
        reference=reference, expires_at=now + LIFE,
    )  # fmt: skip
    Upload.objects.bulk_create([row], ignore_conflicts=True)
    kept = Upload.objects.get(user=user, namespace=namespace, sha256=sha256)
    if kept.reference != reference:  # asked for twice at once: the other was first
        with driver_errors(_GONE):
            driver().multipart_abort(reference)
    return kept


def upload_part(*, upload: Upload, number: int, chunks: Iterable[bytes], size: int) -> str:
    """Its etag. A part that is sent again replaces the one before."""
    expected = part_size(upload, number)
    if size != expected:
        raise Invalid(f"{size} bytes are to come; part {number} of this upload has {expected}.")
    with driver_errors(_GONE):
        return driver().multipart_put(upload.reference, number, chunks, size)


def upload_parts(upload: Upload) -> Sequence[Part]:
    """What is here whole, in the order of the numbers."""
    with driver_errors(_GONE):
        found = driver().multipart_parts(upload.reference)
    last = part_count(upload)
    return [part for part in found if part.number <= last and part.size_bytes == part_size(upload, part.number)]


def upload_part_url(upload: Upload, number: int, expires_s: int) -> str | None:
    """Where the store takes this part itself; None: the hub does."""
    with driver_errors(_GONE):
        return driver().multipart_url(upload.reference, number, expires_s)


def upload_complete(*, upload: Upload, etags: Sequence[str] | None = None) -> Blob:
    """Puts the parts together, hashes the whole and lets the sender name it. Repeating it is harmless.

    Raises:
        Invalid: parts are missing or others than `etags` says; then the upload stays open. The content has another hash: then
            it is given up, since nothing in it is known to be right.
    """
    done = blob_get(upload.sha256)
    try:
        with driver_errors(_GONE):
            named = _etags(upload, etags)
            try:
                stored = driver().multipart_complete(
                    upload.reference, named, sha256=upload.sha256, size=upload.size_bytes
                )
            except Missing:
                if done is None or not has_sent(upload.user, done):
                    raise
                upload.delete()
                return done
    except Invalid as error:
        if isinstance(error.__cause__, DigestMismatch):
            upload_abort(upload=upload)
        raise
    blob = blob_record(stored=stored, user=upload.user)
    Upload.objects.filter(pk=upload.pk).delete()
    return blob


def upload_abort(*, upload: Upload) -> None:
    """Bytes first: a row without bytes is noticed, bytes without a row are not."""
    with driver_errors(_GONE):
        driver().multipart_abort(upload.reference)
    Upload.objects.filter(pk=upload.pk).delete()


def uploads_expire() -> int:
    """Gives up what is a week old, and takes away what broken writers left. One that cannot be removed does not keep the others."""
    count = 0
    for upload in Upload.objects.filter(expires_at__lte=timezone.now()).iterator():
        try:
            driver().multipart_abort(upload.reference)
        except DriverError:
            continue  # the store is down: tomorrow again
        upload.delete()
        count += 1
    with driver_errors():
        return count + driver().sweep((LIFE + timedelta(days=1)).total_seconds())


def part_bytes_for(size: int) -> int:
    mib = 2**20
    return max(PART_BYTES, -(-size // PARTS_MAX // mib) * mib + mib) if size > PART_BYTES * PARTS_MAX else PART_BYTES


def part_count(upload: Upload) -> int:
    return -(-upload.size_bytes // upload.part_bytes)


def part_size(upload: Upload, number: int) -> int:
    if not 1 <= number <= part_count(upload):
        raise Invalid(f"This upload has parts 1 to {part_count(upload)}, and no part {number}.")
    return min(upload.part_bytes, upload.size_bytes - (number - 1) * upload.part_bytes)


def _is_open(upload: Upload) -> bool:
    """A bucket may give up uploads by its own rules."""
    with driver_errors(_GONE):
        try:
            driver().multipart_parts(upload.reference)
        except Missing:
            return False
    return True


def _etags(upload: Upload, given: Sequence[str] | None) -> list[str]:
    """What the store has, which must be what the sender says it sent."""
    try:
        here = {part.number: part.etag for part in driver().multipart_parts(upload.reference)}
    except Missing:
        return [
            etag.strip('"') for etag in given or ()
        ]  # put together already, by a process that died: the driver finds it
    count = part_count(upload)
    missing = [number for number in range(1, count + 1) if number not in here]
    if missing:
        raise Conflict(
            f"{count - len(missing)} of {count} parts are here; the next that is missing is {missing[0]}. Send it, then end the upload."
        )
    found = [here[number] for number in range(1, count + 1)]
    if given is not None and [etag.strip('"') for etag in given] != found:
        raise Invalid("The parts that are here are not those that were named. Send the others again.")
    return found

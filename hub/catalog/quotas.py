"""Room for bytes: asked for before the first byte comes, held for a day, and looked at again when a commit names the file."""

from collections.abc import Iterable
from datetime import timedelta
from typing import NoReturn

from django.conf import settings
from django.db import transaction
from django.db.models import Sum
from django.utils import timezone

from hub.accounts.models import Namespace
from hub.blobs.models import Reservation
from hub.catalog.usage import held_of, usage_of
from hub.core.errors import ApplicationError

KEPT = timedelta(hours=24)


class QuotaExceeded(ApplicationError):
    """403: clients show the text, and do not try again."""

    status, code, title = 403, "quota_exceeded", "No room left"


def quota_of(namespace: Namespace) -> int:
    """Bytes; 0 is no limit."""
    return settings.QUOTA_BYTES if namespace.quota_bytes is None else namespace.quota_bytes


def quota_room(namespace: Namespace) -> int:
    """Bytes that are free, under a limit; uploads under way count as stored."""
    return max(0, quota_of(namespace) - usage_of(namespace).total_bytes - _reserved(namespace))


def quota_check(*, namespace: Namespace, size: int) -> None:
    """For when sizes are known and contents are not yet. Keeps nothing."""
    limit = quota_of(namespace)
    if not limit:
        return
    used, reserved = usage_of(namespace).total_bytes, _reserved(namespace)
    if used + reserved + size > limit:
        _refuse(namespace, used, reserved, limit, size)


def quota_reserve(*, namespace: Namespace, files: Iterable[tuple[str, int]]) -> None:
    """Keeps room for these files (sha256, size), all of them or none. What the namespace holds already needs no room; asking
    again for the same file keeps it once."""
    wanted = dict(files)
    if not wanted or not (
        settings.QUOTA_BYTES or Namespace.objects.filter(pk=namespace.pk, quota_bytes__gt=0).exists()
    ):
        return
    with transaction.atomic():
        # one at a time per owner: two uploads at once do not get the same last gigabyte
        limit = quota_of(Namespace.objects.select_for_update(no_key=True).get(pk=namespace.pk))
        if not limit:
            return
        new = {sha256: size for sha256, size in wanted.items() if sha256 not in held_of(namespace, wanted)}
        used = usage_of(namespace).total_bytes
        reserved = _reserved(namespace, besides=new)
        size = sum(new.values())
        if used + reserved + size > limit:
            _refuse(namespace, used, reserved, limit, size)
        until = timezone.now() + KEPT
        Reservation.objects.bulk_create(
            [Reservation(namespace=namespace, sha256=sha256, size_bytes=size, expires_at=until) for sha256, size in new.items()],
            update_conflicts=True, unique_fields=["namespace", "sha256"], update_fields=["size_bytes", "expires_at"],
        )  # fmt: skip


def quota_settle(*, namespace: Namespace, files: Iterable[tuple[str, int]]) -> None:
    """In the transaction of a commit: its new files must fit, by their real sizes, and their reservations are done with."""
    arrived = dict(files)
    if not arrived:
        return
    quota_reserve(namespace=namespace, files=arrived.items())
    Reservation.objects.filter(namespace=namespace, sha256__in=arrived).delete()


def reservations_expire() -> int:
    count, _ = Reservation.objects.filter(expires_at__lte=timezone.now()).delete()
    return count


def _reserved(namespace: Namespace, besides: Iterable[str] = ()) -> int:
    rows = Reservation.objects.filter(namespace=namespace, expires_at__gt=timezone.now()).exclude(
        sha256__in=list(besides)
    )
    return rows.aggregate(total=Sum("size_bytes"))["total"] or 0


def _refuse(namespace: Namespace, used: int, reserved: int, limit: int, wanted: int) -> NoReturn:
    raise QuotaExceeded(
        f"There is no room for {_size(wanted)}: {namespace.name} stores {_size(used)} of {_size(limit)}"
        + (f", and {_size(reserved)} are kept for uploads under way" if reserved else "")
        + ". Delete repos, squash histories or take large files out, or ask an administrator for more."
    )


def _size(count: int) -> str:
    for unit, factor in (("GB", 10**9), ("MB", 10**6), ("kB", 10**3)):
        if count >= factor:
            return f"{count / factor:.1f} {unit}"
    return f"{count} bytes"

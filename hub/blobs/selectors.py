"""Who sent which blob, and which are kept as a difference."""

from django.contrib.auth.models import AnonymousUser

from hub.accounts.models import User
from hub.blobs.drivers.base import SHA256
from hub.blobs.drivers.deltas import Kept
from hub.blobs.models import Blob, Delta


def blob_get(sha256: str) -> Blob | None:
    return Blob.objects.filter(sha256=sha256).first() if SHA256.fullmatch(sha256) else None


def has_sent(user: User | AnonymousUser | None, blob: Blob) -> bool:
    return user is not None and user.is_authenticated and blob.grants.filter(user_id=user.pk).exists()


def kept_find(sha256: str) -> Kept | None:
    """Of what this blob is rebuilt, where it is kept as a difference."""
    found = Delta.objects.filter(pk=sha256).values_list("blob__size_bytes", "base_id", "packed_id").first()
    return Kept(sha256, *found) if found else None

"""Who sent which blob."""

from django.contrib.auth.models import AnonymousUser

from hub.accounts.models import User
from hub.blobs.drivers.base import SHA256
from hub.blobs.models import Blob


def blob_get(sha256: str) -> Blob | None:
    return Blob.objects.filter(sha256=sha256).first() if SHA256.fullmatch(sha256) else None


def has_sent(user: User | AnonymousUser | None, blob: Blob) -> bool:
    return user is not None and user.is_authenticated and blob.grants.filter(user_id=user.pk).exists()

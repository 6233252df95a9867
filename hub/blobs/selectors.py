"""Who may name which blob."""

from django.contrib.auth.models import AnonymousUser

from hub.accounts.models import User
from hub.blobs.drivers.base import SHA256
from hub.blobs.models import Blob


def blob_usable_by(user: User | AnonymousUser | None, sha256: str) -> Blob | None:
    """The blob, if `user` sent these bytes or may read a repo that has them in its history.

    SECURITY: hashes stand in pointer files and logs. Knowing one is no proof of having the bytes.
    """
    if user is None or not user.is_authenticated or not SHA256.fullmatch(sha256):
        return None
    blob = Blob.objects.filter(sha256=sha256).first()
    if blob is None or blob.grants.filter(user_id=user.pk).exists():
        return blob
    # Late, because the layers are catalog → blobs: this one question needs what the layer above knows.
    from hub.catalog.selectors import blob_is_readable

    return blob if blob_is_readable(user, blob) else None

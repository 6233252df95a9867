"""How much the owner of the target may still store."""

from collections.abc import Iterable

from hub.accounts.models import Namespace
from hub.blobs.models import Blob
from hub.catalog.quotas import quota_of, quota_room, quota_settle
from workers.planning.wording import size_text


def room_of(namespace: Namespace) -> tuple[int | None, str]:
    """Bytes, and the sentence that says why there are no more; None where there is no limit."""
    limit = quota_of(namespace)
    if not limit:
        return None, ""
    room = quota_room(namespace)
    return room, f"{namespace.name} may store {size_text(limit)} and has room for {size_text(room)} more."


def room_check(namespace: Namespace, blobs: Iterable[Blob]) -> None:
    """Once more before the commit, by real sizes: others may have stored meanwhile."""
    quota_settle(namespace=namespace, files=[(blob.sha256, blob.size_bytes) for blob in blobs])

"""How much the owner of the target may still store."""

from collections.abc import Iterable

from hub.accounts.models import Namespace
from hub.blobs.models import Blob


def room_of(namespace: Namespace) -> tuple[int | None, str]:
    """Bytes, and the sentence that says why there are no more; None where there is no limit."""
    return None, ""


def room_check(namespace: str, blobs: "Iterable[Blob]") -> None:
    """Once more before the commit: others may have stored meanwhile."""

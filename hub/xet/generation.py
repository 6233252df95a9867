"""Where a user's gateway is. What clients remember of it must never outlive what the hub still has."""

import secrets

from hub.accounts.models import User
from hub.xet.models import Generation, Xorb


def generation_of(user: User) -> str:
    row, _ = Generation.objects.get_or_create(user=user, defaults={"name": secrets.token_hex(8)})
    return row.name


def renew(user: User | None = None) -> None:
    """Forgets every chunk, of one user or of all, and gives them new addresses: clients then send everything afresh.

    To be called after a backup was restored: clients remember what they sent since.
    """
    mine = {"user": user} if user is not None else {}
    Xorb.objects.filter(**mine).delete()
    Generation.objects.filter(**mine).delete()

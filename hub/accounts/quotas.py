"""Room and computing time of a namespace, as an administrator sets them."""

from django.db import transaction

from hub.accounts.audit import audit
from hub.accounts.limits import account_check
from hub.accounts.models import Namespace, User
from hub.core.errors import Forbidden, Invalid

LIMIT = 2**62


@transaction.atomic
def quota_set(
    *, asker: User | None, namespace: Namespace, quota_bytes: int | None, quota_compute_s: int | None
) -> Namespace:
    """None: as the hub's settings say; 0: no limit. `asker` is None when the operator of the machine asks."""
    if asker is not None:
        account_check(asker, "set quotas")
        if not asker.is_superuser:
            raise Forbidden("Only an administrator sets quotas.")
    for name, value in (("quota_bytes", quota_bytes), ("quota_compute_s", quota_compute_s)):
        if value is not None and not 0 <= value <= LIMIT:
            raise Invalid(f"{name} is {value}. Give a number from 0 (no limit) on.")
    before = {"bytes": namespace.quota_bytes, "compute_s": namespace.quota_compute_s}
    namespace.quota_bytes, namespace.quota_compute_s = quota_bytes, quota_compute_s
    namespace.save(update_fields=["quota_bytes", "quota_compute_s", "updated_at"])
    after = {"bytes": quota_bytes, "compute_s": quota_compute_s}
    if before != after:
        audit("quota.set", actor=asker, subject=namespace.name, namespace=namespace.name, before=before, after=after)
    return namespace

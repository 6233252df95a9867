"""How much an owner has stored, beside what may be stored: for account and organisation pages."""

from typing import Any

from hub.accounts.models import Namespace
from hub.catalog.models import Repo
from hub.catalog.quotas import quota_of
from hub.catalog.usage import usage_of
from hub.jobs.compute import compute_limit, compute_used

MOST_ROWS = 100


def storage_of(space: Namespace) -> dict[str, Any]:
    usage = usage_of(space)
    limit = quota_of(space)
    names = {
        key: (name, type_)
        for key, name, type_ in Repo.objects.filter(pk__in=usage.by_repo).values_list("pk", "full_name", "type")
    }
    rows = [(*names[key], size) for key, size in usage.by_repo.items() if key in names]
    return {
        "usage": usage,
        "limit_bytes": limit,
        "usage_share": min(1.0, usage.total_bytes / limit) if limit else 0.0,
        "compute": _compute(space),
        "by_repo": sorted(rows, key=lambda row: (-row[2], row[0]))[:MOST_ROWS],
    }


def _compute(space: Namespace) -> dict[str, Any]:
    used, limit = compute_used(space), compute_limit(space)
    return {"used_s": used, "limit_s": limit, "share": min(1.0, used / limit) if limit else 0.0}

"""How much an owner has stored, beside what may be stored: for account and organisation pages."""

from typing import Any

from hub.accounts.models import Namespace
from hub.catalog.models import Repo
from hub.catalog.quotas import quota_of
from hub.catalog.usage import usage_of

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
        "by_repo": sorted(rows, key=lambda row: (-row[2], row[0]))[:MOST_ROWS],
    }

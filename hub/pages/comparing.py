"""Comparisons for pages: asked for on every view, worked out again only when somebody measured something or rights changed."""

from hashlib import sha256
from typing import Any

from django.core.cache import cache
from django.db.models import Exists, Max, OuterRef

from hub.catalog.models import Commit, LineageEdge, Repo
from hub.evals.models import Evaluation
from hub.evals.selectors import Comparison, comparison_of

FRESH_S = 3600
_ABSENT = "absent"


def comparison_for(repo: Repo, commit: Commit, *, user: Any) -> Comparison | None:
    """What `comparison_of` says, at two questions to the database when it has been asked before.

    SECURITY: the key holds which parents and which data the asker may read, so nobody gets what was worked out for somebody else.
    """
    is_readable = Exists(Repo.objects.visible_to(user, "read").filter(pk=OuterRef("parent_repo_id")))
    edges = LineageEdge.objects.filter(child=commit, parent_repo__isnull=False).annotate(is_readable=is_readable)
    found = list(edges.values_list("parent_repo_id", "is_readable"))
    if not found:
        return None
    parents = [pk for pk, _ in found]
    readable = sorted({str(pk) for pk, is_open in found if is_open})
    measured = (
        Evaluation.objects.visible_to(user)
        .filter(repo_id__in=[repo.pk, *parents])
        .order_by("data_repo_id")
        .values_list("data_repo_id")
        .annotate(last=Max("created_at"))
    )
    text = "/".join([commit.oid, repo.full_name, str(len(parents)), *readable, *map(str, measured)])
    key = f"pages:comparison:4:{sha256(text.encode()).hexdigest()}"
    known = cache.get(key, _ABSENT)
    if known != _ABSENT:
        return known
    made = comparison_of(repo, commit, user=user)
    cache.set(key, made, FRESH_S)
    return made

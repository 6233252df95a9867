"""What a repo was made of and may not tell: private entries behind it, over any number of generations."""

from collections.abc import Iterable
from uuid import UUID

from hub.accounts.models import User
from hub.catalog.models import LineageEdge, Repo
from workers.planning.wording import counted

_MEASURED = ("recorded", "verified")
MAX_GENERATIONS = 50


def unpublishable_ancestors(user: User, repos: Iterable[Repo]) -> list[Repo]:
    """Private repos that jobs recorded as parents of `repos` and that `user` may not make public.

    Followed through private parents only: what is public was published by somebody who may.
    """
    level = {repo.pk for repo in repos}
    found: dict[UUID, Repo] = {}
    for _ in range(MAX_GENERATIONS):
        edges = LineageEdge.objects.filter(
            child__repo__in=level, state__in=_MEASURED, parent_repo__visibility="private"
        )
        parents = {
            edge.parent_repo.pk: edge.parent_repo for edge in edges.select_related("parent_repo") if edge.parent_repo
        }
        level = set(parents) - set(found) - level
        found |= {key: parents[key] for key in level}
        if not level:
            break
    allowed = set(Repo.objects.visible_to(user, "admin").filter(pk__in=found).values_list("pk", flat=True))
    return [repo for key, repo in found.items() if key not in allowed]


def names_for(user: User, repos: Iterable[Repo]) -> str:
    """Those that `user` may see by name, the rest as a number."""
    listed = list(repos)
    seen = (
        Repo.objects.visible_to(user, "read")
        .filter(pk__in=[repo.pk for repo in listed])
        .values_list("full_name", flat=True)
    )
    names = sorted(seen)
    hidden = len(listed) - len(names)
    more = [f"{counted(hidden, 'entry', 'entries')} you may not see"] if hidden else []
    return " and ".join([*names, *more])

"""LEARNED FROM: the data that models of an evaluation were trained on, as their lineage says, to be looked through for what is measured.

Bounded: what lies on this hub, what the asker may read, so many generations back, so many datasets of such a size. What is left out
is not looked at; a measurement names each dataset that was.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable

from hub.accounts.models import User
from hub.catalog.models import Commit, LineageEdge, Repo
from hub.imports.selectors import is_metadata_only
from workers.contracts.facts import RepoFacts

GENERATIONS = 3
MOST = 8
LARGEST_BYTES = 512 * 2**20
_EDGES = 256

Found = tuple[Repo | None, Commit | None, RepoFacts | None]


def learned_from(
    *, user: User, models: Iterable[tuple[int, Commit]], resolve: Callable[..., Found]
) -> list[tuple[str, tuple[int, ...], Found]]:
    """Reference, the places of the `models` (and of their bases) that learned from it, and what there is at it, in the order in which lineage names them.

    `resolve` says what `user` may read, as for every reference of a recipe.
    """
    told: list[tuple[str, tuple[int, ...], Found]] = []
    for text, places in _names(user, models).items():
        found = resolve(user=user, type="dataset", text=text)
        _, commit, facts = found
        if facts is None or facts.size_bytes > LARGEST_BYTES or (commit is not None and is_metadata_only(commit)):
            continue
        told.append((text, tuple(sorted(places)), found))
        if len(told) == MOST:
            break
    return told


def _names(user: User, models: Iterable[tuple[int, Commit]]) -> dict[str, set[int]]:
    """The datasets that the models, or what they were made from, were trained on. SECURITY: no step goes through what `user` may not read."""
    readable = Repo.objects.visible_to(user, "read")
    names: dict[str, set[int]] = defaultdict(set)
    at: dict[object, set[int]] = defaultdict(set)
    for place, commit in models:
        at[commit.pk].add(place)
    for _ in range(GENERATIONS):
        edges = LineageEdge.objects.filter(child__in=list(at)).exclude(state="contradicted").select_related("parent_repo").order_by("child_id", "position")[:_EDGES]  # fmt: skip
        before: dict[tuple[object, str], set[int]] = defaultdict(set)
        for edge in edges:
            places, repo = at[edge.child_id], edge.parent_repo
            if edge.relation == "trained_on":
                name = repo.full_name if repo is not None else edge.parent_name
                names[f"{name}@{edge.parent_commit}" if edge.parent_commit else name] |= places
            elif repo is not None and edge.parent_commit:
                before[repo.pk, edge.parent_commit] |= places
        commits = Commit.objects.filter(
            repo__in=readable.filter(pk__in={repo for repo, _ in before}), oid__in={oid for _, oid in before}
        ).values_list("pk", "repo_id", "oid")
        at = defaultdict(set, {pk: before[repo, oid] for pk, repo, oid in commits if (repo, oid) in before})
        if not at:
            break
    return names

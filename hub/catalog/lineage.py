"""Edges from a commit to what it was made from: recorded by a job with the parent's commit, or claimed by a card by name only."""

from collections.abc import Iterable, Mapping

from django.db.models.functions import Lower

from hub.accounts.models import User
from hub.catalog.models import Commit, LineageEdge, Repo
from workers.contracts.facts import RepoFacts
from workers.contracts.manifests import Parent
from workers.contracts.references import repo_reference_parse

MAX_EDGES = 1024
RELATIONS = tuple(relation for relation, _ in LineageEdge.RELATIONS)
_OF_CARD = {"finetune": "finetune_of", "adapter": "adapter_of", "merge": "merge_of", "quantized": "quantized_of"}
_OF_ARTIFACT = {"adapter": "adapter_of", "task_vector": "delta_of"}


def edges_write(commit: Commit, *, recorded: Iterable[Parent], facts: RepoFacts, claimant: User) -> None:
    """What a job recorded is not claimed once more."""
    recorded = tuple(recorded)[:MAX_EDGES]
    repos = _repos({parent.repo for parent in recorded} | {_name(base) for base in facts.base})
    readable = set(
        Repo.objects.visible_to(claimant, "read").filter(pk__in=[repo.pk for repo in repos.values()]).values_list("pk", flat=True)
    )  # fmt: skip
    edges = [
        LineageEdge(
            child=commit, parent_repo=repos.get(parent.repo.lower()), parent_name=parent.repo[:300], parent_commit=parent.commit,
            relation=parent.relation, state="recorded", position=position, weight=parent.weight,
        )
        for position, parent in enumerate(recorded)
    ]  # fmt: skip
    known = {parent.repo.lower() for parent in recorded}
    for base in facts.base[:64]:
        name = _name(base)
        if name.lower() in known or name.lower() == commit.repo.full_name.lower():
            continue
        # SECURITY: a claim is tied to a repo only if its author may read that repo; otherwise claims would find out names.
        repo = repos.get(name.lower())
        is_tied = repo is not None and repo.pk in readable
        edges.append(
            LineageEdge(
                child=commit, parent_repo=repo if is_tied else None, parent_name=name[:300], relation=_relation(facts),
                state="claimed", position=len(edges),
            )
        )  # fmt: skip
    LineageEdge.objects.bulk_create(edges)


def recorded_of(commit: Commit) -> tuple[Parent, ...]:
    """What jobs recorded for `commit`, to be carried over to a commit with the same weights."""
    edges = LineageEdge.objects.filter(child=commit, state="recorded").order_by("position")
    return tuple(
        Parent(repo=edge.parent_name, commit=edge.parent_commit, relation=edge.relation, weight=edge.weight)
        for edge in edges
    )


def _repos(names: Iterable[str]) -> Mapping[str, Repo]:
    """Models and datasets by full name in lower case; a model wins over a dataset of the same name."""
    lowered = [name.lower() for name in names]
    rows = Repo.objects.annotate(lowered=Lower("full_name")).filter(lowered__in=lowered).order_by("type")
    return {row.full_name.lower(): row for row in rows.only("id", "full_name", "type", "visibility")}


def _name(base: str) -> str:
    reference = repo_reference_parse(base)
    return reference.repo if reference is not None and not reference.scheme else base


def _relation(facts: RepoFacts) -> str:
    if facts.base_relation in _OF_CARD:
        return _OF_CARD[facts.base_relation]
    if facts.artifact in _OF_ARTIFACT:
        return _OF_ARTIFACT[facts.artifact]
    return "merge_of" if len(facts.base) > 1 else "finetune_of"

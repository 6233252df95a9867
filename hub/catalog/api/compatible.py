"""Which other models could be combined with this one, judged by headers alone."""

from typing import Any

from hub.accounts.models import User
from hub.catalog import selectors
from hub.catalog.api.representation import repo_json
from hub.catalog.models import Commit, Repo
from hub.core.errors import Invalid
from workers.contracts.facts import RepoFacts
from workers.contracts.kinds import KINDS

CANDIDATES = 200


def compatible_of(*, user: User, repo: Repo, commit: Commit, kind: str) -> list[dict[str, Any]]:
    """Those with the same tensors in the same shapes; a common base first, then the newest.

    Architecture and number of parameters, which have columns, choose the candidates; their headers decide.
    """
    if kind != "merge":
        known = ", ".join(sorted(entry.name for entry in KINDS if entry.has_methods))
        raise Invalid(f"kind is {kind[:40]!r}. Compatibility is known for: {known}.")
    facts = selectors.facts_of(commit)
    if not facts.tensors:
        return []
    candidates = Repo.objects.visible_to(user, "read").filter(
        type="model", artifact=repo.artifact, architecture=facts.architecture, parameters=facts.parameters
    )
    rows = list(
        candidates.exclude(pk=repo.pk)
        .select_related("namespace")
        .defer("words", "card")
        .order_by("-updated_at", "id")[:CANDIDATES]
    )
    heads = {row.repo_id: row for row in Commit.objects.filter(repo__in=rows, oid__in=[row.head for row in rows])}
    shapes, found = _shapes(facts), []
    for row in rows:
        head = heads.get(row.pk)
        if head is None or _shapes(RepoFacts.model_validate(head.facts)) != shapes:
            continue
        found.append(repo_json(row) | {"has_same_base": _are_related(repo, row)})
    return sorted(found, key=lambda body: not body["has_same_base"])


def _shapes(facts: RepoFacts) -> dict[str, tuple[int, ...]]:
    return {name: fact.shape for name, fact in facts.tensors.items()}


def _are_related(first: Repo, second: Repo) -> bool:
    def family(repo: Repo) -> set[str]:
        return {name.lower().partition("@")[0] for name in (repo.full_name, *repo.bases)}

    return bool(family(first) & family(second))

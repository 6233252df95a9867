"""Self-reported numbers for a board: what cards claim of this benchmark where nothing was measured. Never ranked."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from hub.catalog.models import Repo
from hub.evals.leaderboards import Leaderboard
from hub.pages.measures import score_words
from workers.planning.model_index import Claim, claims_of_card

MOST_READ = 2000
MOST_SHOWN = 50


@dataclass(frozen=True)
class ClaimedRow:
    repo: Repo
    score: str


def claimed_rows(found: Leaderboard, measured: Collection[UUID], *, user: Any) -> list[ClaimedRow]:
    """Best claim first. Cards name data as people do, so a claim counts by the name of the benchmark or of its data."""
    names = {
        found.version.benchmark.name,
        found.version.data_name.lower(),
        found.version.data_name.lower().removeprefix("builtin:"),
    }
    repos = (
        Repo.objects.visible_to(user, "read")
        .filter(type="model", disabled_reason="", card__has_key="model-index")
        .exclude(pk__in=measured)
        .only("full_name", "artifact", "visibility", "parameters", "licence", "card")
        .order_by("full_name")[:MOST_READ]
    )
    best: list[tuple[float, Repo]] = []
    for repo in repos:
        values = [claim.value for claim in claims_of_card(repo.card) if _is_of(claim, found, names)]
        if values:
            best.append((max(values) if found.metric.higher_is_better else min(values), repo))
    best.sort(key=lambda row: (-row[0] if found.metric.higher_is_better else row[0], row[1].full_name.lower()))
    return [ClaimedRow(repo, score_words(value, found.metric)) for value, repo in best[:MOST_SHOWN]]


def _is_of(claim: Claim, found: Leaderboard, names: set[str]) -> bool:
    return (
        claim.metric == found.metric.name
        and bool({claim.dataset.lower(), claim.dataset_name.lower()} & names)
        and claim.split in ("", found.definition.split)
    )

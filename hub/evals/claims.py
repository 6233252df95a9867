"""CLAIMED AGAINST MEASURED: what a card says of its model beside what was measured here."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from hub.benchmarks.selectors import versions_visible
from hub.blobs.selectors import blob_get
from hub.blobs.services import blob_bytes
from hub.catalog.cards import CARD_FILE, MAX_CARD_BYTES, card_parse
from hub.catalog.models import Commit, Repo
from hub.catalog.selectors import entry_get
from hub.evals.models import Evaluation
from hub.evals.twins import Reader, evaluations_at
from hub.imports.models import Import
from workers.contracts.tasks import METRICS, Metric, task_get
from workers.planning.model_index import Claim, claims_of_card
from workers.statistics.interval import Interval

Badge = Literal["confirmed", "not_confirmed", "contradicted"]
_METRICS = {metric.name: metric for metric in METRICS}
# Cards call so what our datasets have no word for: the whole of it.
_NO_CONFIG = ("", "default", "all", "plain_text")


@dataclass(frozen=True)
class CheckedClaim:
    """`difference` is measured minus claimed in the unit of the metric, with the interval of the measurement.

    confirmed: the claim lies in the interval, as far as its rounding says. contradicted: it does not. not_confirmed: nothing
    that matches was measured, and `reason` says what is missing. `is_flattering`: the card says better than was measured.
    """

    claim: Claim
    badge: Badge
    metric: Metric | None = None
    evaluation: Evaluation | None = None
    measured: Interval | None = None
    difference: Interval | None = None
    is_flattering: bool = False
    reason: str = ""


def claims_of(repo: Repo, commit: Commit, user: Reader) -> list[CheckedClaim]:
    """Every claim of the card at `commit`, beside the measurements of those weights that `user` may see."""
    claims = claims_of_card(_card(repo, commit))
    if not claims:
        return []
    rows = [row for row in evaluations_at(repo.pk, commit, user).values() if not row.invalid]
    names = _names(rows, user)
    return [_checked(claim, [row for row in rows if _is_about(claim, row, names[row.pk])]) for claim in claims]


def _card(repo: Repo, commit: Commit) -> dict[str, object]:
    if commit.oid == repo.head:
        return dict(repo.card)
    entry = entry_get(commit, CARD_FILE)
    blob = blob_get(entry.sha256) if entry is not None else None
    if blob is None:
        return {}
    text = blob_bytes(blob=blob, end=min(blob.size_bytes, MAX_CARD_BYTES)).decode(errors="replace")
    return dict(card_parse(text).front_matter)


def _names(rows: Sequence[Evaluation], user: Reader) -> dict[UUID, set[str]]:
    """What the data of each row may be called: by its name here, by that of a benchmark, by that it had where it came from."""
    by_digest: dict[str, set[str]] = {}
    versions = versions_visible(user).filter(
        digest__in={row.definition_digest for row in rows if row.definition_digest}
    )
    for digest, name in versions.values_list("digest", "benchmark__name"):
        by_digest.setdefault(digest, set()).add(name)
    remote: dict[UUID | None, set[str]] = {}
    imports = Import.objects.filter(repo__in={row.data_repo_id for row in rows if row.data_repo_id}, type="dataset")
    for repo, name in imports.values_list("repo_id", "remote"):
        remote.setdefault(repo, set()).add(name.lower())
    return {
        row.pk: {row.data_name.lower(), row.data_name.lower().removeprefix("builtin:")}
        | by_digest.get(row.definition_digest, set())
        | (remote.get(row.data_repo_id, set()) if row.data_repo_id else set())
        for row in rows
    }


def _is_about(claim: Claim, row: Evaluation, names: set[str]) -> bool:
    return (
        bool({claim.dataset.lower(), claim.dataset_name.lower()} & names)
        and claim.split in ("", row.split)
        and claim.config.lower() in _NO_CONFIG
        and (task_get(claim.task) is None or claim.task == row.task)
        and (len(claim.revision) != 40 or not row.data_commit or claim.revision == row.data_commit)
    )


def _checked(claim: Claim, rows: Sequence[Evaluation]) -> CheckedClaim:
    metric = _METRICS.get(claim.metric)
    if metric is None:
        return CheckedClaim(claim, "not_confirmed", reason=f"This hub does not measure {claim.metric_name}.")
    if not rows:
        where = f"{claim.dataset_name}{', ' + claim.split if claim.split else ''}"
        return CheckedClaim(claim, "not_confirmed", metric, reason=f"Nothing was measured on {where} here.")
    able = [row for row in rows if (row.metrics.get(metric.name) or {}).get("value") is not None]
    if not able:
        return CheckedClaim(
            claim, "not_confirmed", metric, reason=f"It was measured here, but not its {metric.label.lower()}."
        )
    row = max(
        able, key=lambda row: (row.definition.get("limit") is None, row.split == "test", row.examples, row.created_at)
    )
    return _compared(claim, metric, row)


def _compared(claim: Claim, metric: Metric, row: Evaluation) -> CheckedClaim:
    found = row.metrics[metric.name]
    value, low, high = found["value"], found.get("low"), found.get("high")
    is_better = (claim.value > value) == metric.higher_is_better
    if low is None or high is None:
        is_close = abs(claim.value - value) <= claim.step
        return CheckedClaim(
            claim, "confirmed" if is_close else "not_confirmed", metric, row, Interval(value, value, value),
            Interval(value - claim.value, value - claim.value, value - claim.value), is_better and not is_close,
            "" if is_close else "The measurement has no interval, so nothing can be said against the claim.",
        )  # fmt: skip
    is_inside = low - claim.step <= claim.value <= high + claim.step
    measured = Interval(value, low, high)
    difference = Interval(value - claim.value, low - claim.value, high - claim.value)
    badge: Badge = "confirmed" if is_inside else "contradicted"
    return CheckedClaim(claim, badge, metric, row, measured, difference, is_better and not is_inside)

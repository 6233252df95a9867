"""Numbers that are not to be used: they stay, with the reason beside them. Nothing measured is ever deleted or edited."""

from uuid import UUID

from django.db import transaction

from hub.accounts.audit import audit
from hub.accounts.models import User
from hub.accounts.selectors import namespaces_writable
from hub.benchmarks.models import BenchmarkVersion
from hub.core.errors import Forbidden, Invalid, NotFound
from hub.evals.models import Evaluation
from hub.jobs.bell import send_after_commit

REASON = (5, 300)


def evaluation_get(*, user: User, ident: UUID) -> Evaluation:
    row = Evaluation.objects.visible_to(user).select_related("repo", "repo__namespace", "job").filter(pk=ident).first()
    if row is None:
        raise NotFound()
    return row


@transaction.atomic
def evaluation_invalidate(*, user: User, ident: UUID, reason: str) -> Evaluation:
    """With an empty reason it counts again. Every change is in the audit log with its reason."""
    row = evaluation_get(user=user, ident=ident)
    reason = " ".join(reason.split())
    if reason and not REASON[0] <= len(reason) <= REASON[1]:
        raise Invalid(
            f"The reason has {len(reason)} characters. Write {REASON[0]} to {REASON[1]}: it is shown beside the number."
        )
    if not may_invalidate(user, row):
        raise Forbidden(
            "Only who asked for a measurement, who keeps its benchmark and administrators may say that it is not to be used."
        )
    row = Evaluation.objects.select_for_update(of=("self",)).select_related("repo", "repo__namespace").get(pk=row.pk)
    if row.invalid == reason:
        return row
    audit(
        "evaluation.invalidate", actor=user, subject=row.repo.full_name, namespace=row.repo.namespace.name,
        evaluation=str(row.pk), before=row.invalid, reason=reason,
    )  # fmt: skip
    row.invalid = reason
    row.save(update_fields=["invalid", "updated_at"])
    send_after_commit("hub.rank", row.definition_digest)
    return row


def may_invalidate(user: User, row: Evaluation) -> bool:
    """SECURITY: not the owner of the model, or every number that displeases would be taken down."""
    if user.is_superuser or (row.job is not None and row.job.owner_id == user.pk):
        return True
    keepers = BenchmarkVersion.objects.filter(
        digest=row.definition_digest, benchmark__namespace__name__in=namespaces_writable(user)
    )  # fmt: skip
    return bool(row.definition_digest) and keepers.exists()

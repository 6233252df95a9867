"""What was measured of a commit's weights: a later commit that changes words alone keeps the measurements."""

from uuid import UUID

from django.contrib.auth.models import AnonymousUser

from hub.accounts.models import User
from hub.catalog.models import Commit
from hub.evals.models import Evaluation

# dataset, its commit, split, digest of the definition
Key = tuple[str, str, str, str]
Reader = User | AnonymousUser | None


def evaluations_at(repo_id: UUID, commit: Commit, user: Reader) -> dict[Key, Evaluation]:
    """The newest evaluation of each definition, of `commit` and of every commit of the repo with the same weights.

    What was measured on data that `user` may not read is left out.
    """
    return evaluations_at_oid(repo_id, commit.oid, str((commit.manifest or {}).get("tensor_digest") or ""), user)


def evaluations_at_oid(repo_id: UUID, oid: str, digest: str, user: Reader) -> dict[Key, Evaluation]:
    oids = {oid}
    if digest:
        oids |= set(
            Commit.objects.filter(repo_id=repo_id, manifest__tensor_digest=digest).values_list("oid", flat=True)
        )
    rows = (
        Evaluation.objects.visible_to(user)
        .filter(repo_id=repo_id, commit_oid__in=oids)
        .select_related("predictions", "data_repo", "job")
    )
    newest: dict[Key, Evaluation] = {}
    for row in rows.order_by("created_at"):
        newest[row.data_name, row.data_commit, row.split, row.definition_digest] = row
    return newest

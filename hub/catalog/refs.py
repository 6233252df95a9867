"""Branches and tags. The rights of whoever asks are settled before these are called."""

from django.db import IntegrityError, transaction
from django.db.models import Q

from hub.catalog.errors import RevisionMissing
from hub.catalog.heads import head_copy, head_fill
from hub.catalog.models import Commit, Ref, Repo
from hub.catalog.revisions import commit_resolve, ref_name_validate
from hub.catalog.shield import collection_keep_out
from hub.catalog.trees import state_read
from hub.core.errors import Conflict, Forbidden


@transaction.atomic
def branch_create(*, repo: Repo, name: str, start: str | Commit | None = None) -> Ref:
    """At `start` (branch, tag, hash or commit), or at the head of the default branch."""
    collection_keep_out()
    commit = start if isinstance(start, Commit) else commit_resolve(repo, start or repo.default_branch)
    ref = _ref_create(repo, "branch", name, commit)
    # SECURITY and safety: the rows are copied only from a branch locked at this very commit, else they are worked out.
    source = (
        Ref.objects.select_for_update()
        .filter(repo=repo, kind="branch", commit=commit)
        .exclude(pk=ref.pk)
        .order_by("pk")
        .first()
    )
    if source is not None:
        head_copy(source, ref)
    else:
        head_fill(ref, commit, state_read(commit.tree_id))
    return ref


@transaction.atomic
def tag_create(*, repo: Repo, name: str, revision: str) -> Ref:
    collection_keep_out()
    return _ref_create(repo, "tag", name, commit_resolve(repo, revision))


@transaction.atomic
def branch_delete(*, repo: Repo, name: str) -> None:
    if name == repo.default_branch:
        raise Forbidden(f"{name!r} is the default branch and stays.")
    _ref_delete(repo, "branch", name)


@transaction.atomic
def tag_delete(*, repo: Repo, name: str) -> None:
    _ref_delete(repo, "tag", name)


def _ref_create(repo: Repo, kind: str, name: str, commit: Commit) -> Ref:
    ref_name_validate(name)
    _clash_check(repo, name)
    try:
        with transaction.atomic():
            return Ref.objects.create(repo=repo, kind=kind, name=name, commit=commit)
    except IntegrityError:
        raise Conflict(f"There is already a {kind} {name!r} in {repo.full_name}.") from None


def _clash_check(repo: Repo, name: str) -> None:
    """git's rule: `a` and `a/b` cannot both be there. It is also what tells revision and path apart in an address."""
    above = ["/".join(name.split("/")[:count]) for count in range(1, name.count("/") + 1)]
    clash = (
        Ref.objects.filter(Q(name__in=above) | Q(name__startswith=f"{name}/"), repo=repo)
        .values_list("name", flat=True)
        .first()
    )
    if clash is not None:
        raise Conflict(f"{name!r} cannot stand beside {clash!r}: one would be a folder of the other.")


def _ref_delete(repo: Repo, kind: str, name: str) -> None:
    count, _ = Ref.objects.filter(repo=repo, kind=kind, name=name).delete()
    if not count:
        raise RevisionMissing(f"There is no {kind} {name[:100]!r} in {repo.full_name}.")

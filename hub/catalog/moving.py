"""Giving a repo another name. The old one keeps leading to it until somebody takes it."""

from django.db import IntegrityError, transaction
from django.db.models.functions import Lower

from hub.accounts.audit import audit
from hub.accounts.models import User
from hub.accounts.selectors import namespace_writable
from hub.catalog.derived import derived_update
from hub.catalog.errors import RepoMissing
from hub.catalog.extraction import extract
from hub.catalog.models import Commit, Repo, RepoRedirect
from hub.catalog.trees import state_read
from hub.core.errors import Conflict


def repo_move(*, user: User, repo: Repo, namespace: str, name: str) -> Repo:
    """Who may administer `repo` and write to `namespace` is the caller's check for the first, and this one's for the second."""
    target = namespace_writable(user, namespace)
    old, new = repo.full_name, f"{target.name}/{name}"
    try:
        with transaction.atomic():
            present = Repo.objects.select_for_update().filter(pk=repo.pk).values_list("full_name", flat=True).first()
            if present != old:
                raise RepoMissing()  # somebody else moved or deleted it at the same moment
            repo.namespace, repo.name, repo.full_name = target, name, new
            repo.save(update_fields=["namespace", "name", "full_name"])
            RepoRedirect.objects.filter(type=repo.type, full_name_lower=new.lower()).delete()
            if old.lower() != new.lower():
                RepoRedirect.objects.update_or_create(
                    type=repo.type, full_name_lower=old.lower(), defaults={"repo": repo}
                )
            commit = Commit.objects.get(repo=repo, oid=repo.head)
            state = state_read(commit.tree_id)
            derived_update(repo, commit, state, extract(state))  # the words hold the name
            audit("repo.move", actor=user, subject=old, namespace=old.partition("/")[0], to=new)
            if target.name != old.partition("/")[0]:
                audit("repo.move", actor=user, subject=new, namespace=target.name, came_from=old)
    except IntegrityError:
        repo.refresh_from_db(fields=["namespace", "name", "full_name"])
        raise Conflict(f"{new} is there already.") from None
    return repo


def redirect_of(type: str, full_name: str) -> Repo | None:
    """The repo that had this name once, if nobody has it now."""
    if Repo.objects.annotate(lowered=Lower("full_name")).filter(type=type, lowered=full_name.lower()).exists():
        return None
    row = RepoRedirect.objects.select_related("repo").filter(type=type, full_name_lower=full_name.lower()).first()
    return None if row is None else row.repo

"""Reads of imports. What one may not see answers as if it were not there."""

from typing import Any
from uuid import UUID

from django.db.models import F, Q, QuerySet

from hub.accounts.limits import limited_token
from hub.accounts.models import User
from hub.catalog.models import Commit, Repo
from hub.core.errors import NotFound
from hub.imports.models import Import, ImportedCommit


def imports_of(user: User) -> QuerySet[Import]:
    """Newest first: those `user` started, and those into repos that `user` may write to."""
    rows = Import.objects.select_related("job", "repo", "commit", "owner").order_by("-created_at", "id")
    if limited_token(user) is not None:
        return rows.filter(repo__in=Repo.objects.visible_to(user, "write"))
    if user.is_superuser:
        return rows
    return rows.filter(Q(owner=user) | Q(repo__in=Repo.objects.visible_to(user, "write")))


def import_get(*, user: User, ident: UUID | str) -> Import:
    try:
        found = imports_of(user).filter(pk=UUID(str(ident))).first()
    except ValueError:
        found = None
    if found is None:
        raise NotFound()
    return found


def import_of(repo: Repo) -> Import | None:
    """Where `repo` came from, if it was imported."""
    return Import.objects.select_related("job", "owner").filter(repo=repo).first()


def imported_commit(commit: Commit) -> ImportedCommit | None:
    """Which commit of its source `commit` holds."""
    return ImportedCommit.objects.select_related("origin").filter(commit=commit).order_by("pk").first()


def remote_files_of(commit: Commit) -> list[dict[str, Any]]:
    """{path, size_bytes, sha256, reason} of the files that the source has at this commit and this hub has not."""
    held = imported_commit(commit)
    return list(held.remote_files) if held is not None else []


def is_metadata_only(commit: Commit) -> bool:
    """True when the weights of this commit stayed at its source."""
    held = imported_commit(commit)
    return held is not None and held.mode == "metadata"


def imported_find(*, user: User, endpoint: str, remote: str, type: str, revision: str) -> ImportedCommit | None:
    """What `hf:remote@revision` stands for here already: a mirrored commit in a repo that `user` may read, newest first."""
    rows = ImportedCommit.objects.filter(
        origin__endpoint=endpoint, origin__remote__iexact=remote, origin__type=type, mode="mirror",
        origin__repo__in=Repo.objects.visible_to(user, "read"),
    ).select_related("commit", "origin", "origin__repo")  # fmt: skip
    # What a branch name means is what its import saw last; an older commit is not.
    by_name = Q(origin__revision=revision, source_commit=F("origin__source_commit"))
    return rows.filter(Q(source_commit=revision) | by_name).order_by("-pk").first()

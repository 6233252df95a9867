"""Squashing: a branch keeps its files and loses its history. What only the old commits held can then be collected."""

from django.db import transaction
from django.utils import timezone

from hub.accounts.audit import audit
from hub.accounts.models import User
from hub.catalog.commits import words_validate
from hub.catalog.git_ids import commit_oid
from hub.catalog.models import Commit, HeadEntry, LineageEdge, Repo
from hub.catalog.revisions import branch_get, branch_lock
from hub.catalog.shield import collection_keep_out
from hub.core.errors import Forbidden


@transaction.atomic
def history_squash(*, user: User, repo: Repo, branch: str, message: str = "") -> Commit:
    """One commit without a parent, of the same tree. Other branches and tags keep the commits they lead to."""
    if not Repo.objects.visible_to(user, "write").filter(pk=repo.pk).exists():
        raise Forbidden(f"You may not write to {repo.full_name}.")
    title, text = words_validate(message or f"Squash the history of {branch}", "")
    collection_keep_out()
    ref = branch_lock(repo, branch_get(repo, branch))
    head = ref.commit
    if head.parent_id is None:
        head.repo = repo
        return head
    date = timezone.now().replace(microsecond=0)  # git counts in seconds
    oid = commit_oid(tree=head.tree_id, parent=None, author_name=user.username, date=date, title=title, message=text)
    commit, is_new = Commit.objects.get_or_create(
        repo=repo, oid=oid,
        defaults={
            "parent": None, "tree_id": head.tree_id, "title": title, "message": text, "author": user, "author_name": user.username,
            "date": date, "facts": head.facts, "manifest": head.manifest, "findings": head.findings,
        },
    )  # fmt: skip
    if is_new:
        _lineage_copy(head, commit)
    ref.commit = commit
    ref.save(update_fields=["commit", "updated_at"])
    # there is only one commit left that can have touched a file last
    HeadEntry.objects.filter(ref=ref).update(last_commit=commit)
    if ref.name == repo.default_branch:
        Repo.objects.filter(pk=repo.pk).update(head=commit.oid)
        repo.head = commit.oid
    audit(
        "repo.squash", actor=user, subject=repo.full_name, namespace=repo.namespace.name, branch=ref.name, before=head.oid, after=commit.oid
    )  # fmt: skip
    return commit


def _lineage_copy(source: Commit, target: Commit) -> None:
    """What the files descend from does not change by forgetting how they came here."""
    edges = list(LineageEdge.objects.filter(child=source).order_by("position"))
    for edge in edges:
        edge.pk, edge.child = None, target
    LineageEdge.objects.bulk_create(edges)

"""From what a person writes after the @ to a commit."""

import re

from hub.catalog.errors import RevisionMissing
from hub.catalog.models import Commit, Ref, Repo
from hub.core.errors import Invalid

_HASH = re.compile(r"[0-9a-f]{7,40}")
_FORBIDDEN = re.compile(r"[\x00-\x20\x7f~^:?*\[\]\\]|\.\.|//|@\{")


def commit_resolve(repo: Repo, revision: str) -> Commit:
    """Branch, tag, full hash, then a short hash that fits one commit only."""
    commits = Commit.objects.defer("facts", "findings")
    kind, name = None, revision
    for prefix, of_kind in (("refs/heads/", "branch"), ("refs/tags/", "tag")):
        if revision.startswith(prefix):
            kind, name = of_kind, revision.removeprefix(prefix)
    refs = list(
        Ref.objects.filter(repo=repo, name=name, **({"kind": kind} if kind else {})).values_list("kind", "commit_id")
    )
    if refs:
        return _with_repo(commits.get(pk=min(refs)[1]), repo)  # "branch" sorts before "tag"
    if kind is None and _HASH.fullmatch(revision):
        found = list(commits.filter(repo=repo, oid__startswith=revision)[:2])
        if len(found) == 1:
            return _with_repo(found[0], repo)
    raise RevisionMissing(f"There is no revision {revision[:100]!r} in {repo.full_name}.")


def _with_repo(commit: Commit, repo: Repo) -> Commit:
    commit.repo = repo
    return commit


def branch_get(repo: Repo, name: str) -> Ref:
    ref = (
        Ref.objects.filter(repo=repo, kind="branch", name=name)
        .select_related("commit")
        .defer("commit__facts", "commit__findings")
        .first()
    )
    if ref is None:
        raise RevisionMissing(f"There is no branch {name[:100]!r} in {repo.full_name}.")
    return ref


def branch_lock(repo: Repo, ref: Ref) -> Ref:
    """The branch as it is now, held until the transaction ends.

    The commit is read after the lock, not joined to it: Postgres drops a row that moved while it was waited for from a join.
    """
    locked = Ref.objects.select_for_update().filter(pk=ref.pk).first()
    if locked is None:
        raise RevisionMissing(f"There is no branch {ref.name!r} in {repo.full_name} any more.")
    locked.commit = Commit.objects.defer("facts", "findings").get(pk=locked.commit_id)
    return locked


def ref_name_validate(name: str) -> str:
    """git's rules for names of refs, and no name that reads like a commit."""
    is_bad = (
        not name or len(name.encode(errors="replace")) > 255 or not name.isprintable() or _FORBIDDEN.search(name) or name.startswith(("-", "/", "refs/"))
        or name.endswith(("/", ".", ".lock")) or any(part.startswith(".") or part.endswith(".lock") for part in name.split("/"))
        or name in ("@", "HEAD") or re.fullmatch(r"[0-9a-f]{40}", name)
    )  # fmt: skip
    if is_bad:
        raise Invalid(
            f"{name[:100]!r} cannot be the name of a branch or tag. Use letters, digits, dots, dashes, underscores and single slashes."
        )
    return name

"""`commit_create`: everything is looked at first, then written in one transaction under the lock of the branch."""

from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.utils import timezone

from hub.accounts.audit import audit
from hub.accounts.models import User
from hub.blobs.keeping import blobs_revive
from hub.catalog.derived import derived_update
from hub.catalog.doorway import contents_check, names_check, refuse_on_errors
from hub.catalog.errors import EntryMissing
from hub.catalog.extraction import Extract, extract
from hub.catalog.git_ids import commit_oid
from hub.catalog.heads import head_state, head_update
from hub.catalog.history import ancestors_of
from hub.catalog.json_safe import json_safe, text_safe
from hub.catalog.lineage import edges_write, recorded_of
from hub.catalog.models import Commit, Ref, Repo
from hub.catalog.operations import AddFile, CopyFile, Operation
from hub.catalog.paths import clash_findings, folder_finding
from hub.catalog.quotas import quota_settle
from hub.catalog.revisions import branch_get, branch_lock, commit_resolve
from hub.catalog.scanning import scans_ask, weights_new
from hub.catalog.shield import collection_keep_out
from hub.catalog.states import FileState, State, has_same_weights, operations_apply
from hub.catalog.trees import state_read, tree_find, tree_write
from hub.core.errors import Forbidden, Invalid, PreconditionFailed
from workers.contracts.findings import Finding
from workers.contracts.manifests import Manifest, Parent

MAX_OPERATIONS = 100_000
_REPOST_WINDOW = 100


@dataclass(frozen=True)
class Draft:
    """What a commit would hold, worked out on top of `parent`."""

    parent: Commit | None
    before: State
    after: State
    extract: Extract
    findings: tuple[Finding, ...]


def commit_create(
    *,
    repo: Repo,
    branch: str,
    user: User,
    operations: Iterable[Operation],
    title: str,
    message: str = "",
    parent: str | None = None,
    manifest: Manifest | Mapping[str, Any] | None = None,
    lineage: Iterable[Parent] = (),
) -> Commit:
    """A new commit on `branch`, or the present one when nothing changes.

    With `parent` the branch must stand there, else PreconditionFailed; a repetition of a commit that was made answers with
    that commit. Without, the operations are applied to the branch as it is: the last writer of a path wins. Headers are
    read before the lock is taken; only when the branch moved in between are they read again under it.
    """
    operations = tuple(operations)
    title, message = words_validate(title, message)
    if not Repo.objects.visible_to(user, "write").filter(pk=repo.pk).exists():
        raise Forbidden(f"You may not write to {repo.full_name}.")
    if len(operations) > MAX_OPERATIONS:
        raise Invalid(f"{len(operations)} operations in one commit; at most {MAX_OPERATIONS} are taken.")
    names_check(operations)
    blobs_revive(operation.blob.pk for operation in operations if isinstance(operation, AddFile))
    contents_check(operations)
    copied = _copies(repo, operations)
    ref = branch_get(repo, branch)
    draft = None if parent is not None and parent != ref.commit.oid else _draft(ref, operations, copied)
    with transaction.atomic():
        ref = branch_lock(repo, ref)
        if parent is not None and parent != ref.commit.oid:
            return _repeated(repo, ref, parent, operations, copied)
        if draft is None or draft.parent is None or draft.parent.pk != ref.commit_id:
            draft = _draft(ref, operations, copied)
        if draft.after == draft.before:
            ref.commit.repo = repo
            return ref.commit
        arrived = {
            (file.sha256, file.size_bytes) for path, file in draft.after.items() if draft.before.get(path) != file
        }
        quota_settle(namespace=repo.namespace, files=arrived)
        commit = commit_write(
            repo=repo, ref=ref, user=user, draft=draft, title=title, message=message, manifest=manifest, lineage=lineage
        )  # fmt: skip
        audit(
            "commit.publish", actor=user, subject=repo.full_name, namespace=repo.namespace.name, branch=ref.name, commit=commit.oid
        )  # fmt: skip
        return commit


def commit_write(
    *, repo: Repo, ref: Ref | None, user: User, draft: Draft, title: str, message: str,
    manifest: Manifest | Mapping[str, Any] | None = None, lineage: Iterable[Parent] = (),
) -> Commit:  # fmt: skip
    """Writes what was drafted. `ref` is locked by the caller; None makes the default branch."""
    collection_keep_out()
    date = timezone.now().replace(microsecond=0)  # git counts in seconds
    tree = tree_write(draft.after)
    parent = draft.parent
    oid = commit_oid(
        tree=tree, parent=parent.oid if parent else None, author_name=user.username, date=date, title=title, message=message
    )  # fmt: skip
    given = manifest.model_dump(mode="json", by_alias=True) if isinstance(manifest, Manifest) else manifest
    commit, is_new = Commit.objects.get_or_create(
        repo=repo, oid=oid,
        defaults={
            "parent": parent, "tree_id": tree, "title": title, "message": message, "author": user, "author_name": user.username, "date": date,
            "facts": json_safe(draft.extract.facts.model_dump(mode="json")),
            "manifest": json_safe(dict(given)) if given is not None else draft.extract.manifest,
            "findings": [json_safe(finding.model_dump(mode="json")) for finding in (*draft.findings, *draft.extract.findings)],
        },
    )  # fmt: skip
    if ref is None:
        ref = Ref.objects.create(repo=repo, kind="branch", name=repo.default_branch, commit=commit)
    else:
        ref.commit = commit
        ref.save(update_fields=["commit", "updated_at"])
    head_update(ref, commit, draft.before, draft.after)
    weights = (fact.file for fact in draft.extract.facts.tensors.values())
    scans_ask(weights_new(draft.before, draft.after, weights))
    if is_new:
        kept = recorded_of(parent) if parent is not None and has_same_weights(draft.before, draft.after) else ()
        edges_write(commit, recorded=tuple(lineage) or kept, facts=draft.extract.facts, claimant=user)
    if ref.name == repo.default_branch:
        derived_update(repo, commit, draft.after, draft.extract)
    return commit


def first_draft(operations: Iterable[Operation]) -> Draft:
    """For the initial commit of a repo."""
    after = operations_apply({}, operations, {})
    return Draft(None, {}, after, extract(after), ())


def words_validate(title: str, message: str) -> tuple[str, str]:
    """The title is one line; what follows it belongs to the message."""
    first, _, rest = text_safe(title).strip().partition("\n")
    message = text_safe("\n".join(part for part in (rest.strip(), message.strip()) if part))
    if not first:
        raise Invalid("A commit needs a title: say in a few words what it does.")
    if len(message) > 65_536:
        raise Invalid("The message of a commit has at most 65 536 characters.")
    return first.strip()[:500], message


def _draft(ref: Ref, operations: tuple[Operation, ...], copied: Mapping[CopyFile, FileState]) -> Draft:
    before = head_state(ref)
    after = operations_apply(before, operations, copied)
    crowded = folder_finding(after) if len(after) > len(before) else None
    refuse_on_errors([] if crowded is None else [crowded])
    clashes = clash_findings(after)
    refuse_on_errors(clashes)
    found = extract(after)
    changed = {path for path, file in after.items() if before.get(path) != file}
    # What was let in earlier stays: only what this commit brings can stop it.
    refuse_on_errors(finding for finding in found.findings if finding.where in changed)
    return Draft(ref.commit, before, after, found, tuple(clashes))


def _copies(repo: Repo, operations: Iterable[Operation]) -> dict[CopyFile, FileState]:
    found: dict[CopyFile, FileState] = {}
    for operation in operations:
        if isinstance(operation, CopyFile):
            commit = commit_resolve(repo, operation.source_revision)
            row = tree_find(commit.tree_id, operation.source_path)
            if row is None or row.file is None:
                raise EntryMissing(
                    f"There is no file {operation.source_path!r} to copy at {operation.source_revision!r}.", commit.oid
                )
            found[operation] = row.file
    return found


def _repeated(
    repo: Repo, ref: Ref, parent: str, operations: tuple[Operation, ...], copied: Mapping[CopyFile, FileState]
) -> Commit:
    """A lost answer makes clients send a commit twice: same parent and same files are then that commit, not a conflict."""
    candidates = {
        commit.pk: commit for commit in Commit.objects.defer("facts", "findings").filter(repo=repo, parent__oid=parent)
    }
    recent = [key for key, _ in ancestors_of(ref.commit, _REPOST_WINDOW) if key in candidates]
    if recent:
        done = candidates[recent[0]]
        before = Commit.objects.values_list("tree_id", flat=True).get(repo=repo, oid=parent)
        with suppress(EntryMissing):
            if operations_apply(state_read(before), operations, copied) == state_read(done.tree_id):
                done.repo = repo
                return done
    raise PreconditionFailed(
        f"{ref.name!r} is at {ref.commit.oid[:8]} now, not at {parent[:8]}: somebody committed meanwhile. Look at the new state and send it again."
    )

"""The flat rows of a branch's head, kept in step with each commit."""

from collections.abc import Mapping

from django.db import connection

from hub.catalog.history import last_commits
from hub.catalog.models import Commit, HeadEntry, Ref
from hub.catalog.states import FileState, State


def head_state(ref: Ref) -> State:
    rows = HeadEntry.objects.filter(ref=ref).values_list("path", "oid", "blob_id", "blob__size_bytes", "is_lfs")
    return {path: FileState(oid, sha256, size, is_lfs) for path, oid, sha256, size, is_lfs in rows}


def head_update(ref: Ref, commit: Commit, before: Mapping[str, FileState], after: Mapping[str, FileState]) -> None:
    """Only what changed is written; what changed was last touched by `commit`."""
    gone = [path for path in before if path not in after]
    if gone:
        HeadEntry.objects.filter(ref=ref, path__in=gone).delete()
    changed = [
        HeadEntry(ref=ref, path=path, oid=file.oid, blob_id=file.sha256, is_lfs=file.is_lfs, last_commit=commit)
        for path, file in sorted(after.items()) if before.get(path) != file
    ]  # fmt: skip
    HeadEntry.objects.bulk_create(
        changed, batch_size=2000, update_conflicts=True,
        unique_fields=["ref", "path"], update_fields=["oid", "blob", "is_lfs", "last_commit"],
    )  # fmt: skip


def head_copy(source: Ref, target: Ref) -> None:
    """A new branch at the head of another: the same rows, without a walk through history."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO catalog_headentry (ref_id, path, oid, blob_id, is_lfs, last_commit_id) "
            "SELECT %s, path, oid, blob_id, is_lfs, last_commit_id FROM catalog_headentry WHERE ref_id = %s",
            [target.pk, source.pk],
        )


def head_fill(ref: Ref, commit: Commit, state: Mapping[str, FileState]) -> None:
    """A new branch at any commit."""
    keys = last_commits(commit, state)
    HeadEntry.objects.bulk_create(
        [
            HeadEntry(
                ref=ref, path=path, oid=file.oid, blob_id=file.sha256, is_lfs=file.is_lfs, last_commit_id=keys[path]
            )
            for path, file in sorted(state.items())
        ],
        batch_size=2000,
    )

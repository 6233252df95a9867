"""Carrying out how a repo's weights are to be kept, in a worker. Killed anywhere, it goes on with what is left."""

import logging
from uuid import UUID

from celery import current_app
from django.db import connection
from django.utils import timezone

from hub.blobs.models import Blob
from hub.blobs.packing import LEAST_SAVED, NothingSaved, blob_pack, blob_unpack
from hub.catalog.models import Repo, Storing
from hub.catalog.stored import blobs_kept_as_deltas
from hub.catalog.storing import STALE, TASK, pairs_wanted
from hub.core.errors import ApplicationError
from workers.planning.wording import counted, size_text

logger = logging.getLogger(__name__)
STORE_LOCK = 704_183


def storing_run(repo_id: str) -> None:
    """Does what was asked for last. A second call at the same time leaves it to the first."""
    key = int(UUID(repo_id).hex[:8], 16) - 2**31
    if not _ask("pg_try_advisory_lock", key):
        return
    try:
        wish = Storing.objects.select_related("repo", "base").filter(repo_id=repo_id).first()
        if wish is not None and wish.state in ("asked", "working"):
            _carry_out(wish)
    finally:
        _ask("pg_advisory_unlock", key)


def _carry_out(wish: Storing) -> None:
    _note(wish, "working")
    try:
        message = _pack(wish) if wish.form == "delta" else _unpack(wish.repo)
    except ApplicationError as error:
        _note(wish, "failed", error.message)
    except Exception:
        logger.exception("storing of %s failed", wish.repo_id)
        _note(
            wish,
            "failed",
            "It stopped with an error of ours. The files are as they were; the administrator finds more in the log.",
        )
    else:
        _note(wish, "done", message)


def _pack(wish: Storing) -> str:
    """What was saved. Raises NothingSaved when that is not a single file."""
    full = stored = count = 0
    kept_whole = []
    pairs = pairs_wanted(wish)
    for pair in pairs:
        blobs = Blob.objects.in_bulk([pair.sha256, pair.base])
        if len(blobs) != 2:
            raise NothingSaved("The file or its base was removed meanwhile.")
        _note(wish, "working", f"{pair.path}: {size_text(blobs[pair.sha256].size_bytes)}")
        try:
            delta = blob_pack(blob=blobs[pair.sha256], base=blobs[pair.base], runs=pair.runs)
        except NothingSaved:
            kept_whole.append(pair.path)
            continue
        full, stored, count = full + blobs[pair.sha256].size_bytes, stored + delta.packed.size_bytes, count + 1
    if not count:
        raise NothingSaved(
            f"Nothing is kept as a difference: it would save less than {LEAST_SAVED:.0%}. Too few bits agree with the base."
        )
    message = (
        f"{size_text(full - stored)} of {size_text(full)} saved ({1 - stored / full:.0%}) in {counted(count, 'file')}."
    )
    return message + (f" Kept whole, as too little would be saved: {', '.join(kept_whole[:5])}." if kept_whole else "")


def _unpack(repo: Repo) -> str:
    count = sum(blob_unpack(blob=blob) for blob in blobs_kept_as_deltas(repo))
    return f"{counted(count, 'file')} written out whole again." if count else "Every file was kept whole already."


def _note(wish: Storing, state: str, message: str = "") -> None:
    wish.state, wish.message = state, message[:1000]
    wish.save(update_fields=["state", "message", "updated_at"])


def storing_resume() -> int:
    """Nightly: wishes whose message was lost, or whose worker was."""
    left = list(Storing.objects.filter(state__in=("asked", "working"), updated_at__lt=timezone.now() - STALE))
    for wish in left:
        current_app.send_task(TASK, args=[str(wish.repo_id)], queue="default", ignore_result=True)
    return len(left)


def _ask(function: str, key: int) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {function}(%s, %s)", [STORE_LOCK, key])
        return bool(cursor.fetchone()[0])

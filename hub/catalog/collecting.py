"""Garbage collection: mark, wait, sweep. Whoever uses something again at the same moment wins.

Commits that no ref leads to, and blobs that nothing names, are marked with the time. What is still so a week later goes: commits,
the trees that only they had, rows of blobs, and last their bytes. Each step looks again, under a lock that writers respect.
"""

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from functools import partial
from uuid import UUID

from django.db import connection, transaction
from django.db.models import Exists, OuterRef, Q, Sum
from django.utils import timezone
from psycopg import sql

from hub.blobs.drivers import Driver
from hub.blobs.keeping import bytes_drop
from hub.blobs.models import Blob, BlobGrant, Delta
from hub.blobs.packing import plain_let_go
from hub.blobs.services import driver as hub_driver
from hub.catalog.models import Commit, Tree, TreeEntry
from hub.catalog.reachable import Kept, execute, is_pointed_at, live_commits
from hub.catalog.shield import backup_is_running, writers_keep_out

WAIT_DAYS = 7
PLAIN_WAIT = timedelta(hours=7)  # an hour longer than a signed address of the store lives
BATCH = 500


@dataclass
class Collected:
    """`plain_…`: files that can be rebuilt as differences, whose own bytes went. `waiting_…`: marked, and not due yet. With `is_dry_run` nothing of it was done."""

    is_dry_run: bool = False
    is_complete: bool = True
    has_backup: bool = False
    commits_marked: int = 0
    commits_deleted: int = 0
    trees_deleted: int = 0
    blobs_marked: int = 0
    blobs_revived: int = 0
    blobs_deleted: int = 0
    bytes_deleted: int = 0
    plain_deleted: int = 0
    plain_bytes_deleted: int = 0
    waiting_blobs: int = 0
    waiting_bytes: int = 0

    def as_dict(self) -> dict[str, int | bool]:
        return asdict(self)


class _Enough(Exception):
    """Ends a dry run's transaction without keeping anything of it."""


def garbage_collect(
    *, kept: Kept = (), wait_days: int = WAIT_DAYS, is_dry_run: bool = False, until: float | None = None,
    now: datetime | None = None,
) -> Collected:  # fmt: skip
    """`kept`: commits that jobs still read. `until`: a time of `time.monotonic()` at which to stop; the next run goes on."""
    run = _Run(
        Collected(is_dry_run=is_dry_run), kept, (now or timezone.now()), timedelta(days=wait_days), until, hub_driver()
    )
    if not is_dry_run:
        run.all()
        return run.result
    try:
        with transaction.atomic():
            run.all()
            raise _Enough
    except _Enough:
        return run.result


class _Run:
    def __init__(
        self, result: Collected, kept: Kept, now: datetime, wait: timedelta, until: float | None, driver: Driver
    ) -> None:
        self.result, self.kept, self.now, self.driver = result, kept, now, driver
        self.wait, self.due_before = wait, now - wait
        self.until = until

    def all(self) -> None:
        self.result.commits_marked = self._mark_commits()
        for step in (self._sweep_commits, self._sweep_trees, self._mark_blobs, self._sweep_blobs, self._sweep_plain):
            if self.result.is_complete:
                step()
        waiting = Blob.objects.filter(unused_since__gt=self.due_before)
        self.result.waiting_blobs = waiting.count()
        self.result.waiting_bytes = waiting.aggregate(total=Sum("size_bytes"))["total"] or 0

    # commits

    def _mark_commits(self) -> int:
        live = live_commits(self.kept)
        set_to = sql.SQL(
            "UPDATE catalog_commit SET unreachable_since = {} WHERE unreachable_since IS {} NULL AND id {} IN ({})"
        )
        execute(set_to.format(sql.SQL("NULL"), sql.SQL("NOT"), sql.SQL(""), live))
        return execute(set_to.format(sql.Literal(self.now), sql.SQL(""), sql.SQL("NOT"), live))

    def _sweep_commits(self) -> None:
        due = Commit.objects.filter(unreachable_since__lte=self.due_before)
        repos = list(due.order_by().values_list("repo_id", flat=True).distinct())
        for start in range(0, len(repos), BATCH):
            self._batched(partial(self._delete_commits, repos[start : start + BATCH]))

    def _delete_commits(self, repos: list[UUID]) -> None:
        with connection.cursor() as cursor:
            cursor.execute(live_commits(self.kept, repos))
            live = {row[0] for row in cursor.fetchall()}
        due = Commit.objects.filter(repo_id__in=repos, unreachable_since__lte=self.due_before)
        gone = [pk for pk in due.values_list("pk", flat=True) if pk not in live]
        for start in range(0, len(gone), BATCH):
            Commit.objects.filter(pk__in=gone[start : start + BATCH]).delete()
        self.result.commits_deleted += len(gone)

    # trees: shared by commits and repos, and without a date of their own. They go with the last one that had them.

    def _sweep_trees(self) -> None:
        candidates = list(Tree.objects.exclude(is_pointed_at(Tree)).values_list("pk", flat=True))
        while candidates and self.result.is_complete:
            below: list[str] = []
            self._batched(partial(self._delete_trees, candidates[:BATCH], below))
            candidates = candidates[BATCH:] + below

    def _delete_trees(self, oids: list[str], below: list[str]) -> None:
        """Adds to `below` the folders in them that have lost their last parent."""
        dead = list(Tree.objects.filter(pk__in=oids).exclude(is_pointed_at(Tree)).values_list("pk", flat=True))
        entries = TreeEntry.objects.filter(tree_id__in=dead)
        folders = list(entries.filter(subtree__isnull=False).values_list("subtree_id", flat=True).distinct())
        entries.delete()
        Tree.objects.filter(pk__in=dead).delete()
        self.result.trees_deleted += len(dead)
        below += Tree.objects.filter(pk__in=folders).exclude(is_pointed_at(Tree)).values_list("pk", flat=True)

    # blobs

    def _in_use(self) -> Q:
        granted = BlobGrant.objects.filter(blob=OuterRef("pk"), created_at__gt=self.due_before)
        return is_pointed_at(Blob) | Q(created_at__gt=self.due_before) | Q(Exists(granted))

    def _mark_blobs(self) -> None:
        marked = Blob.objects.filter(unused_since__isnull=False)
        self.result.blobs_revived = marked.filter(self._in_use()).update(unused_since=None)
        unmarked = Blob.objects.filter(unused_since__isnull=True).exclude(self._in_use())
        self.result.blobs_marked = unmarked.update(unused_since=self.now)

    def _sweep_blobs(self) -> None:
        due = list(Blob.objects.filter(unused_since__lte=self.due_before).order_by("pk").values_list("pk", flat=True))
        for start in range(0, len(due), BATCH):
            gone: dict[str, int] = {}
            self._batched(partial(self._delete_blobs, due[start : start + BATCH], gone))
            for sha256, size in gone.items():
                if self.result.is_dry_run or bytes_drop(sha256=sha256, driver=self.driver):
                    self.result.blobs_deleted += 1
                    self.result.bytes_deleted += size

    def _delete_blobs(self, sha256s: list[str], gone: dict[str, int]) -> None:
        """A row that a commit or an upload holds at this moment is skipped: it is in use again."""
        if not self.result.is_dry_run and backup_is_running():
            self.result.has_backup, self.result.is_complete = True, False
            return
        rows = Blob.objects.select_for_update(skip_locked=True, of=("self",)).filter(
            pk__in=sha256s, unused_since__lte=self.due_before
        )
        locked = [row.pk for row in rows]
        # Asked again now that nobody can begin to name them, in a statement of its own: it sees what was committed meanwhile.
        dead = dict(Blob.objects.filter(pk__in=locked).exclude(self._in_use()).values_list("pk", "size_bytes"))
        Blob.objects.filter(pk__in=dead).delete()
        gone.update(dead)

    # the own bytes of files that are kept as differences

    def _sweep_plain(self) -> None:
        """Nobody may be reading them by their address: signed ones have ended by then, and jobs name what they read."""
        due = Delta.objects.filter(has_plain=True, since__lte=self.now - min(self.wait, PLAIN_WAIT)).order_by("pk")
        for delta in due.exclude(pk__in=_read_by(self.kept)) if due.exists() else ():
            if self.until is not None and time.monotonic() >= self.until:
                self.result.is_complete = False
                return
            with transaction.atomic():
                if backup_is_running() and not self.result.is_dry_run:
                    self.result.has_backup, self.result.is_complete = True, False
                    return
                freed = delta.blob.size_bytes if self.result.is_dry_run else plain_let_go(delta)
            self.result.plain_deleted += bool(freed)
            self.result.plain_bytes_deleted += freed

    def _batched(self, work: Callable[[], object]) -> None:
        """One short transaction that no writer overlaps."""
        if self.until is not None and time.monotonic() >= self.until:
            self.result.is_complete = False
        if self.result.is_complete:
            with transaction.atomic():
                if not self.result.is_dry_run:
                    writers_keep_out()
                work()


def _read_by(kept: Kept) -> set[str]:
    """The blobs of these commits."""
    if not kept:
        return set()
    pairs = sql.SQL(", ").join(
        sql.SQL("({}, {})").format(sql.Literal(str(repo)) + sql.SQL("::uuid"), sql.Literal(oid)) for repo, oid in kept
    )
    with connection.cursor() as cursor:
        cursor.execute(
            sql.SQL(
                "WITH RECURSIVE walk(tree) AS (SELECT tree_id FROM catalog_commit WHERE (repo_id, oid) IN ({pairs}) UNION "
                "SELECT e.subtree_id FROM catalog_treeentry e JOIN walk ON walk.tree = e.tree_id WHERE e.subtree_id IS NOT NULL) "
                "SELECT DISTINCT e.blob_id FROM catalog_treeentry e JOIN walk ON walk.tree = e.tree_id WHERE e.blob_id IS NOT NULL"
            ).format(pairs=pairs)
        )
        return {row[0] for row in cursor.fetchall()}

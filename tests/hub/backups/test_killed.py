"""Killed anywhere, a backup is no backup, a restore leaves an empty database, and a second run finishes either."""

import pytest

from hub.backups.errors import BackupError
from hub.backups.folder import BackupFolder
from hub.backups.making import backup_make
from tests.factories.catalog import make_repo

# Restores, and is gone at once, without a word to anybody, when the given moment comes.
DYING = """
import os, sys
from pathlib import Path
import django
django.setup()
from hub.backups import postgres
from hub.backups.folder import snapshot_choose
from hub.backups.restoring import backup_restore
moment, folder = sys.argv[1], Path(sys.argv[2])
calls = 0

def tell(done, total, unit, message):
    global calls
    calls += 1
    if (moment == "third blob" and calls == 3) or (moment == "before the database" and unit == "restore"):
        os._exit(9)

class Reader:
    def __init__(self, inner):
        self.inner, self.stdout = inner, self
    def read(self, size):
        if self.inner.tell_count:
            os._exit(9)
        self.inner.tell_count = 1
        return self.inner.stdout.read(4000)
    def __getattr__(self, name):
        return getattr(self.inner, name)

if moment == "in the middle of the database":
    relay = postgres._relay
    def slow(reader, writer):
        reader.tell_count = 0
        relay(Reader(reader), writer)
    postgres._relay = slow
backup_restore(**dict(zip(("folder", "snapshot", "manifest"), snapshot_choose(folder, None))), tell=tell)
"""


class Killed(BaseException):
    """Not an Exception, so that nothing can take it for an error to be dealt with."""


def dying_after(calls: int):
    left = [calls]

    def tell(done: float, total: float, unit: str, message: str) -> None:
        left[0] -= 1
        if left[0] < 0:
            raise Killed

    return tell


def test_a_backup_killed_at_any_step_is_not_taken_for_one_and_the_next_finishes(filled, tmp_path):
    root = tmp_path / "backup"
    steps = 0
    while True:
        try:
            made = backup_make(root=root, tell=dying_after(steps), may_link=False)
        except Killed:
            steps += 1
            with pytest.raises(BackupError, match="no finished backup"):
                BackupFolder(root).chosen(None)
            continue
        break
    assert steps == 2 + made.manifest.blob_count + 1  # the dump's begin and end, each blob, and the end
    assert BackupFolder(root).snapshots() == [made.folder]
    assert made.copied.present == made.manifest.blob_count  # the killed runs had copied them
    assert {path.name for path in root.iterdir()} == {"blobs", "genepool-backups.json", made.folder.name}


@pytest.mark.parametrize("moment", ["third blob", "before the database", "in the middle of the database"])
def test_a_restore_killed_on_its_way_left_the_database_empty_and_goes_on(filled, backup, elsewhere, moment):
    assert elsewhere.run(moment, str(backup), code=DYING).returncode == 9
    assert elsewhere.rows() == {}
    done = elsewhere.genepool("restore", str(backup))
    assert elsewhere.rows() == filled.rows()
    assert elsewhere.blobs() == filled.blobs()
    assert done["present"] >= 2


def test_two_backups_at_once_do_not_meet(filled, tmp_path):
    folder = BackupFolder(tmp_path / "backup")
    folder.prepare()
    with folder.held(), pytest.raises(BackupError, match="Another backup"):
        backup_make(root=folder.root)
    assert folder.snapshots() == []


def test_only_the_latest_are_kept_with_the_blobs_they_name(filled, alice, tmp_path):
    root = tmp_path / "backup"
    first = backup_make(root=root, may_link=False)
    repo = make_repo(alice, "short-lived", files={"gone.txt": "soon gone"})
    second = backup_make(root=root, may_link=False)
    repo.refs.all().delete()
    repo.delete()
    from hub.catalog.collecting import garbage_collect

    garbage_collect(wait_days=0)
    third = backup_make(root=root, may_link=False, keep=1)
    assert third.removed == (2, 1)
    assert BackupFolder(root).snapshots() == [third.folder]
    assert third.manifest.blob_count == first.manifest.blob_count == second.manifest.blob_count - 1
    assert len(list((root / "blobs").glob("sha256/*/*/*"))) == third.manifest.blob_count


def test_a_blob_the_store_has_lost_does_not_stop_the_backup_of_the_rest(filled, tmp_path):
    from hub.blobs.services import driver

    lost = next(iter(driver().list()))[0]
    driver().delete(lost)
    done = filled.run("backup", str(tmp_path / "backup"))
    assert done.returncode == 1
    assert f"missing in the store: {lost}" in done.stdout
    made = BackupFolder(tmp_path / "backup").snapshots()
    assert len(made) == 1

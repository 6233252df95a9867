"""Mark, wait, sweep: what goes, what stays, and when."""

from datetime import timedelta

import pytest
from django.utils import timezone

from hub.blobs.models import Blob, BlobGrant
from hub.blobs.services import driver
from hub.catalog.collecting import garbage_collect
from hub.catalog.models import Commit, Tree, TreeEntry
from hub.catalog.services import branch_create, branch_delete, repo_delete, tag_create
from tests.factories.catalog import make_blob, make_commit, make_repo

pytestmark = pytest.mark.django_db

SOON = timedelta(days=8)
LATER = timedelta(days=16)


def collect(after: timedelta = timedelta(), **options):
    return garbage_collect(now=timezone.now() + after, **options)


def collect_all(**options):
    """Everything that is garbage now: marked once its grants are old, and swept after the wait."""
    collect(SOON, **options)
    return collect(LATER, **options)


def test_a_blob_that_nothing_names_is_marked_waits_a_week_and_goes(alice):
    blob = make_blob(alice, "lost")
    assert collect().blobs_marked == 0  # its grant is young: a commit may be on its way
    marked = collect(SOON)
    assert (marked.blobs_marked, marked.blobs_deleted) == (1, 0)
    assert (marked.waiting_blobs, marked.waiting_bytes) == (1, 4)
    assert collect(SOON + timedelta(days=6)).blobs_deleted == 0
    swept = collect(LATER)
    assert (swept.blobs_deleted, swept.bytes_deleted) == (1, 4)
    assert not Blob.objects.filter(pk=blob.pk).exists()
    assert driver().stat(blob.pk) is None


def test_what_a_ref_leads_to_stays_with_its_whole_history(alice):
    repo = make_repo(alice)
    make_commit(repo, alice, {"a.txt": "first"})
    make_commit(repo, alice, {"a.txt": "second", "deep/er/b.txt": "b"})
    before = (Commit.objects.count(), Tree.objects.count(), Blob.objects.count())
    swept = collect_all()
    assert (Commit.objects.count(), Tree.objects.count(), Blob.objects.count()) == before
    assert (swept.commits_deleted, swept.trees_deleted, swept.blobs_deleted) == (0, 0, 0)


def test_a_deleted_repo_leaves_nothing_but_what_others_share(alice, bob):
    gone, stays = make_repo(alice, "gone"), make_repo(bob, "stays")
    make_commit(gone, alice, {"only.txt": "only here", "x/shared.txt": "shared"})
    make_commit(stays, bob, {"shared.txt": "shared"})
    repo_delete(user=alice, repo=gone)
    swept = collect_all()
    assert swept.blobs_deleted == 1
    assert set(Tree.objects.values_list("pk", flat=True)) == set(Commit.objects.values_list("tree_id", flat=True))
    held = {entry.blob_id for entry in TreeEntry.objects.filter(blob__isnull=False)}
    assert held == set(Blob.objects.values_list("pk", flat=True))
    assert all(driver().stat(sha256) is not None for sha256 in held)


def test_commits_of_a_deleted_branch_wait_a_week(alice):
    repo = make_repo(alice)
    branch_create(repo=repo, name="try")
    commit = make_commit(repo, alice, {"t.txt": "tried"}, branch="try")
    branch_delete(repo=repo, name="try")
    assert collect().commits_marked == 1
    assert collect(timedelta(days=6)).commits_deleted == 0
    assert Commit.objects.filter(pk=commit.pk).exists()
    assert collect(SOON).commits_deleted == 1
    assert not Commit.objects.filter(pk=commit.pk).exists()


def test_a_branch_made_again_from_the_hash_within_the_week_brings_its_commits_back(alice):
    repo = make_repo(alice)
    branch_create(repo=repo, name="try")
    make_commit(repo, alice, {"t.txt": "1"}, branch="try")
    tip = make_commit(repo, alice, {"t.txt": "2"}, branch="try")
    branch_delete(repo=repo, name="try")
    collect()
    tag_create(repo=repo, name="found", revision=tip.oid)
    assert collect(SOON).commits_deleted == 0  # also though they are marked since more than a week
    assert not Commit.objects.filter(unreachable_since__isnull=False).exists()
    assert collect_all().blobs_deleted == 0


def test_commits_that_a_job_reads_stay(alice):
    repo = make_repo(alice)
    branch_create(repo=repo, name="try")
    commit = make_commit(repo, alice, {"t.txt": "1"}, branch="try")
    branch_delete(repo=repo, name="try")
    kept = [(repo.pk, commit.oid)]
    assert collect_all(kept=kept).commits_deleted == 0
    assert collect_all().commits_deleted == 1


def test_a_blob_that_is_named_again_is_no_longer_marked(alice):
    repo = make_repo(alice)
    make_blob(alice, "again")
    collect(SOON)
    make_commit(repo, alice, {"again.txt": "again"})
    assert not Blob.objects.filter(unused_since__isnull=False).exists()
    assert collect(LATER).blobs_deleted == 0


def test_uploading_it_again_takes_the_mark_off(alice):
    blob = make_blob(alice, "again")
    BlobGrant.objects.update(created_at=timezone.now() - timedelta(days=30))
    Blob.objects.update(created_at=timezone.now() - timedelta(days=30))
    collect()
    blob.refresh_from_db()
    assert blob.unused_since is not None
    make_blob(alice, "again")
    blob.refresh_from_db()
    assert blob.unused_since is None


def test_a_mark_that_is_wrong_is_taken_off_and_never_acted_upon(alice):
    repo = make_repo(alice)
    make_commit(repo, alice, {"a.txt": "in use"})
    Blob.objects.update(unused_since=timezone.now() - timedelta(days=100))
    swept = collect(LATER)
    assert swept.blobs_deleted == 0
    assert swept.blobs_revived == Blob.objects.count()


def test_a_dry_run_says_the_same_and_changes_nothing(alice):
    repo = make_repo(alice)
    branch_create(repo=repo, name="try")
    make_commit(repo, alice, {"t.txt": "tried"}, branch="try")
    branch_delete(repo=repo, name="try")
    blob = make_blob(alice, "lost")
    collect(SOON)
    state = list(Blob.objects.order_by("pk").values()), list(Commit.objects.order_by("pk").values())
    dry = collect(LATER, is_dry_run=True)
    assert (list(Blob.objects.order_by("pk").values()), list(Commit.objects.order_by("pk").values())) == state
    assert driver().stat(blob.pk) == 4
    real = collect(LATER)
    assert {**dry.as_dict(), "is_dry_run": False} == real.as_dict()
    assert real.blobs_deleted == 1
    assert real.commits_deleted == 1


def test_it_stops_in_time_and_goes_on_the_next_night(alice):
    make_blob(alice, "lost")
    collect(SOON)
    assert not collect(LATER, until=0.0).is_complete
    assert Blob.objects.filter(size_bytes=4).exists()
    assert collect(LATER).is_complete
    assert not Blob.objects.filter(size_bytes=4).exists()

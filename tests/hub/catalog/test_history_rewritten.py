"""Squashing a branch and taking files out of the history."""

import pytest

from hub.catalog.git_ids import commit_oid
from hub.catalog.models import Commit, Ref
from hub.catalog.purge import files_purge, lfs_files_of
from hub.catalog.selectors import commit_resolve, commits_of, entries_of, entry_get
from hub.catalog.services import branch_create
from hub.catalog.squash import history_squash
from hub.catalog.usage import usage_of
from hub.core.errors import Forbidden, Invalid
from tests.factories.catalog import make_commit, make_repo, weights

pytestmark = pytest.mark.django_db


@pytest.fixture
def repo(alice):
    repo = make_repo(alice, "model", files={"model.safetensors": weights(fill=1), "notes.txt": "one"})
    make_commit(repo, alice, {"model.safetensors": weights(fill=2)}, title="Train on")
    make_commit(repo, alice, {"sub/extra.safetensors": weights(fill=3), "notes.txt": "two"}, title="Add more")
    return repo


def _paths(repo, revision="main") -> dict[str, str]:
    return {entry.path: entry.sha256 for entry in entries_of(commit_resolve(repo, revision)) if not entry.is_folder}


def test_a_squashed_branch_keeps_its_files_and_has_one_commit(repo, alice):
    before = _paths(repo)
    commit = history_squash(user=alice, repo=repo, branch="main", message="Start again")
    assert _paths(repo) == before
    assert [row.oid for row in commits_of(commit_resolve(repo, "main"))] == [commit.oid]
    assert commit.title == "Start again"
    assert {entry.last_commit.oid for entry in entries_of(commit_resolve(repo, "main")) if not entry.is_folder} == {
        commit.oid
    }
    repo.refresh_from_db()
    assert repo.head == commit.oid


def test_other_branches_keep_their_history(repo, alice):
    branch_create(repo=repo, name="kept")
    history_squash(user=alice, repo=repo, branch="main")
    assert commits_of(commit_resolve(repo, "kept")).count() == 4


def test_squashing_twice_is_squashing_once(repo, alice):
    first = history_squash(user=alice, repo=repo, branch="main")
    assert history_squash(user=alice, repo=repo, branch="main").oid == first.oid


def test_commits_go_on_from_a_squashed_branch(repo, alice):
    squashed = history_squash(user=alice, repo=repo, branch="main")
    commit = make_commit(repo, alice, {"new.txt": "x"})
    assert commit.parent_id == squashed.pk


def test_strangers_do_not_squash(repo, charlie):
    with pytest.raises(Forbidden):
        history_squash(user=charlie, repo=repo, branch="main")


def test_every_large_file_of_the_history_is_listed(repo):
    found = {file.path: file.size_bytes for file in lfs_files_of(repo)}
    assert set(found) == {"model.safetensors", "sub/extra.safetensors"}
    assert len(lfs_files_of(repo)) == 3  # both states of the first


def test_a_purged_file_is_gone_from_every_commit_and_ids_are_git_s(repo, alice):
    branch_create(repo=repo, name="old", start=commits_of(commit_resolve(repo, "main"))[2])
    gone = _paths(repo, "old")["model.safetensors"]
    kept = _paths(repo)
    files_purge(user=alice, repo=repo, sha256s=[gone])
    assert _paths(repo) == kept
    assert "model.safetensors" not in _paths(repo, "old")
    for ref in Ref.objects.filter(repo=repo):
        for commit in commits_of(ref.commit):
            assert gone not in {entry.sha256 for entry in entries_of(commit)}
            assert commit.oid == commit_oid(
                tree=commit.tree_id, parent=commit.parent.oid if commit.parent else None, author_name=commit.author_name,
                date=commit.date, title=commit.title, message=commit.message,
            )  # fmt: skip


def test_a_purge_changes_the_derived_facts(repo, alice):
    files_purge(user=alice, repo=repo, sha256s=[file.sha256 for file in lfs_files_of(repo)])
    repo.refresh_from_db()
    assert repo.parameters == 0
    assert set(_paths(repo)) == {".gitattributes", "notes.txt"}
    assert entry_get(commit_resolve(repo, "main"), "sub") is None


def test_purging_what_is_not_there_changes_nothing(repo, alice):
    heads = set(Ref.objects.values_list("commit__oid", flat=True))
    assert files_purge(user=alice, repo=repo, sha256s=["0" * 64]) == 0
    assert set(Ref.objects.values_list("commit__oid", flat=True)) == heads


def test_a_purge_needs_rights_and_hashes(repo, alice, charlie):
    with pytest.raises(Forbidden):
        files_purge(user=charlie, repo=repo, sha256s=["0" * 64])
    with pytest.raises(Invalid):
        files_purge(user=alice, repo=repo, sha256s=["../etc"])


def test_usage_counts_each_blob_once_and_forgets_what_no_ref_leads_to(repo, alice):
    size = len(weights())
    usage = usage_of(repo.namespace)
    assert usage.total_bytes == usage.public_bytes == usage.by_repo[repo.pk]
    assert 3 * size < usage.total_bytes < 4 * size + 5000
    twin = make_repo(alice, "twin", files={"model.safetensors": weights(fill=1)}, visibility="private")
    assert usage_of(repo.namespace).total_bytes == usage.total_bytes  # every byte of the twin was there
    assert usage_of(repo.namespace).by_repo[twin.pk] > size
    history_squash(user=alice, repo=repo, branch="main")
    shrunk = usage_of(repo.namespace)
    assert shrunk.by_repo[repo.pk] < usage.by_repo[repo.pk] - size + 10
    assert shrunk.private_bytes >= size  # the first weights are in the private twin alone now


def test_nothing_stored_is_nothing_used(alice):
    assert usage_of(alice.namespace).total_bytes == 0
    assert Commit.objects.count() == 0

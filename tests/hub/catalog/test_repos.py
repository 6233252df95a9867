"""Making, showing, hiding and deleting repos."""

import hashlib

import pytest

from hub.blobs.models import Blob
from hub.catalog.errors import RepoMissing
from hub.catalog.models import Repo, Tree
from hub.catalog.selectors import commit_resolve, entries_of, hub_counts, recent_repos, repo_get
from hub.catalog.services import repo_create, repo_delete, repo_update
from hub.core.errors import Conflict, Forbidden, Invalid
from tests.factories.catalog import make_model, make_repo, weights


def test_a_fresh_repo_has_a_head(alice):
    repo = make_repo(alice, "fresh")
    assert [entry.path for entry in entries_of(commit_resolve(repo, "main"))] == [".gitattributes"]
    assert repo.head == commit_resolve(repo, "main").oid


@pytest.mark.parametrize(
    "name",
    ["", ".", "..", "../evil", "a/b", "-a", "a-", ".a", "a.", "a--b", "a..b", "a.git", "a b", "a\0b", "x" * 97, "é"],
)
def test_refuses_names_that_no_reference_could_have(alice, name):
    with pytest.raises(Invalid):
        repo_create(user=alice, namespace="alice", name=name)
    assert not Repo.objects.exists()


def test_names_of_routes_are_good_names_of_repos(alice):
    assert make_repo(alice, "models").full_name == "alice/models"


def test_a_name_is_taken_in_any_case_but_once_per_type(alice):
    make_repo(alice, "Thing")
    make_repo(alice, "thing", type="dataset")
    with pytest.raises(Conflict):
        make_repo(alice, "thing")


def test_only_members_who_may_write_can_put_something_into_an_organisation(alice, bob, charlie, lab):
    assert make_repo(bob, "shared", namespace="lab").full_name == "lab/shared"
    with pytest.raises(Forbidden):
        make_repo(charlie, "shared2", namespace="lab")


def test_private_repos_do_not_exist_for_others(alice, charlie, root):
    repo = make_repo(alice, "secret", visibility="private")
    assert repo_get(user=alice, full_name="alice/secret") == repo
    assert repo_get(user=root, full_name="Alice/SECRET") == repo
    for user in (charlie, None):
        for action in ("read", "write", "admin"):
            with pytest.raises(RepoMissing):
                repo_get(user=user, full_name="alice/secret", action=action)


def test_a_public_repo_is_read_by_all_and_changed_by_few(alice, bob, charlie, lab):
    make_repo(alice, "open", namespace="lab")
    assert repo_get(user=None, full_name="lab/open")
    assert repo_get(user=bob, full_name="lab/open", action="write")
    for user, action in ((charlie, "write"), (bob, "admin")):
        with pytest.raises(Forbidden):
            repo_get(user=user, full_name="lab/open", action=action)


@pytest.mark.parametrize("full_name", ["", "x", "/", "a/b/c", "alice/", "alice/nope"])
def test_what_is_no_repo_is_missing(alice, full_name):
    with pytest.raises(RepoMissing):
        repo_get(user=alice, full_name=full_name)


def test_visibility_changes_at_once(alice, charlie):
    repo = make_repo(alice, "open")
    repo_update(user=alice, repo=repo, visibility="private")
    with pytest.raises(RepoMissing):
        repo_get(user=charlie, full_name="alice/open")
    with pytest.raises(Forbidden):
        repo_update(user=charlie, repo=repo, visibility="public")
    with pytest.raises(Invalid):
        repo_update(user=alice, repo=repo, visibility="secret")


def test_deleting_leaves_what_others_share(alice, bob):
    one = make_repo(alice, "one", files={"model.safetensors": weights(), "sub/x": "x"})
    two = make_repo(bob, "two", files={"model.safetensors": weights(), "sub/x": "x"})
    repo_delete(user=alice, repo=one)
    assert not Repo.objects.filter(name="one").exists()
    found = {entry.path: entry.sha256 for entry in entries_of(commit_resolve(two, "main"))}
    assert found["model.safetensors"] == hashlib.sha256(weights()).hexdigest()
    assert Blob.objects.filter(pk=found["sub/x"]).exists()
    assert Tree.objects.exists()


def test_a_deleted_name_begins_empty_again(alice):
    repo_delete(user=alice, repo=make_repo(alice, "one", files={"a": "1"}))
    assert [entry.path for entry in entries_of(commit_resolve(make_repo(alice, "one"), "main"))] == [".gitattributes"]


def test_strangers_cannot_delete(alice, charlie):
    with pytest.raises(Forbidden):
        repo_delete(user=charlie, repo=make_repo(alice, "one"))


def test_counts_and_lists_hold_what_one_may_see(alice, charlie):
    make_model(alice, "open")
    make_model(alice, "closed", fill=1, visibility="private")
    make_repo(alice, "data", type="dataset")
    assert hub_counts(None) == {"model": 1, "dataset": 1}
    assert hub_counts(alice) == {"model": 2, "dataset": 1}
    assert [repo.name for repo in recent_repos(charlie, 5)] == ["open"]

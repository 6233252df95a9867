"""Several people commit to one branch at the same time."""

import pytest

from hub.catalog.models import Commit
from hub.catalog.selectors import commit_resolve, entries_of
from hub.core.errors import PreconditionFailed
from tests.factories.catalog import make_commit, make_repo
from tests.hub.together import together

pytestmark = pytest.mark.django_db(transaction=True)


def test_different_files_all_land(alice):
    repo = make_repo(alice)
    together(4, lambda index: make_commit(repo, alice, {f"file-{index}": str(index)}))
    head = commit_resolve(repo, "main")
    assert {entry.path for entry in entries_of(head)} == {".gitattributes", *(f"file-{index}" for index in range(4))}
    assert Commit.objects.filter(repo=repo).count() == 5


def test_of_the_same_parent_exactly_one_wins(alice):
    repo = make_repo(alice)
    parent = repo.head
    results = together(4, lambda index: make_commit(repo, alice, {"a": str(index)}, parent=parent))
    assert sum(isinstance(result, Commit) for result in results) == 1
    assert sum(isinstance(result, PreconditionFailed) for result in results) == 3


def test_the_same_commit_sent_four_times_at_once_is_one(alice):
    repo = make_repo(alice)
    parent = repo.head
    results = together(4, lambda _: make_commit(repo, alice, {"a": "1"}, parent=parent))
    assert len({result.oid for result in results}) == 1


def test_the_same_folders_in_several_repos_at_once(alice):
    repos = [make_repo(alice, f"repo-{index}") for index in range(4)]
    files = {f"folder-{number}/sub/file": str(number) for number in range(20)}
    results = together(4, lambda index: make_commit(repos[index], alice, files))
    assert len({result.tree_id for result in results}) == 1

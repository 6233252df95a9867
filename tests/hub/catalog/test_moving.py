"""A repo gets another name."""

import pytest

from hub.catalog.errors import RepoMissing
from hub.catalog.search import SearchQuery, repo_search
from hub.catalog.selectors import repo_get
from hub.catalog.services import repo_delete, repo_move
from hub.core.errors import Conflict, Forbidden, Invalid
from tests.factories.catalog import make_model, make_repo


def test_old_and_new_name_lead_to_it(alice, lab):
    repo = make_model(alice, "before")
    repo_move(user=alice, repo=repo, namespace="lab", name="after")
    for name in ("lab/after", "alice/before", "Alice/BEFORE"):
        assert repo_get(user=None, full_name=name).full_name == "lab/after"
    page = repo_search(user=None, query=SearchQuery(q="after"))
    assert [found.full_name for found in page.results] == ["lab/after"]
    assert not repo_search(user=None, query=SearchQuery(q="before")).results


def test_an_old_name_belongs_to_whoever_takes_it(alice):
    repo_move(user=alice, repo=make_repo(alice, "before"), namespace="alice", name="after")
    newer = make_repo(alice, "before")
    assert repo_get(user=None, full_name="alice/before") == newer
    repo_delete(user=alice, repo=newer)
    with pytest.raises(RepoMissing):
        repo_get(user=None, full_name="alice/before")


def test_there_and_back(alice):
    repo = make_repo(alice, "one")
    repo_move(user=alice, repo=repo, namespace="alice", name="two")
    repo_move(user=alice, repo=repo, namespace="alice", name="one")
    for name in ("alice/one", "alice/two"):
        assert repo_get(user=None, full_name=name) == repo


def test_a_private_repo_is_not_found_by_its_old_name_either(alice, charlie):
    repo_move(user=alice, repo=make_repo(alice, "before", visibility="private"), namespace="alice", name="after")
    with pytest.raises(RepoMissing):
        repo_get(user=charlie, full_name="alice/before")


def test_refuses_what_is_taken_or_not_ones_own(alice, charlie):
    repo = make_repo(alice, "one")
    make_repo(alice, "two")
    with pytest.raises(Conflict):
        repo_move(user=alice, repo=repo, namespace="alice", name="Two")
    with pytest.raises(Forbidden):
        repo_move(user=alice, repo=repo, namespace="charlie", name="one")
    with pytest.raises(Forbidden):
        repo_move(user=charlie, repo=repo, namespace="charlie", name="one")
    with pytest.raises(Invalid):
        repo_move(user=alice, repo=repo, namespace="alice", name="../x")
    assert repo_get(user=None, full_name="alice/one") == repo

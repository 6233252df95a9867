"""Liking an entry; squashing a branch."""

import pytest

from hub.catalog.models import Repo
from hub.catalog.selectors import commit_resolve, commits_of
from tests.factories.catalog import make_commit


def likes(repo) -> int:
    return Repo.objects.get(pk=repo.pk).likes


def test_an_entry_is_liked_once_and_unliked(browser, charlie, zoo):
    client = browser(charlie)
    for _ in range(2):
        assert client.post("/alice/open/like", {"liked": "1"})["Location"] == "/alice/open"
    assert likes(zoo["open"]) == 1
    assert 'aria-pressed="true"' in client.get("/alice/open").content.decode()
    assert "charlie" in client.get("/alice/open/likers").content.decode()
    client.post("/alice/open/like", {"liked": "0"})
    assert likes(zoo["open"]) == 0
    assert "Nobody yet." in browser().get("/alice/open/likers").content.decode()


def test_liking_needs_an_account_and_sight(browser, charlie, zoo):
    assert browser().post("/alice/open/like", {"liked": "1"}).status_code == 302
    assert browser(charlie).post("/alice/secret/like", {"liked": "1"}).status_code == 404
    assert likes(zoo["open"]) == likes(zoo["secret"]) == 0


def test_a_like_leads_nowhere_else(browser, charlie, zoo):
    answer = browser(charlie).post("/alice/open/like", {"liked": "1"}, headers={"referer": "https://elsewhere.test/"})
    assert answer["Location"] == "/alice/open"


@pytest.fixture
def long_history(alice, zoo):
    for number in range(3):
        make_commit(zoo["open"], alice, {"notes.txt": str(number)})
    return zoo["open"]


def count(repo) -> int:
    return commits_of(commit_resolve(repo, "main")).count()


def test_a_branch_is_squashed_after_its_name_was_typed(browser, alice, long_history):
    before = commit_resolve(long_history, "main")
    client = browser(alice)
    assert "5 commits become one" in client.get("/alice/open/squash?branch=main").content.decode()
    refused = client.post("/alice/open/squash", {"branch": "main", "confirm": "mine"})
    assert refused.status_code == 400
    assert "Type main" in refused.content.decode()
    assert count(long_history) == 5
    client.post("/alice/open/squash", {"branch": "main", "confirm": "main", "message": "Begin anew"})
    after = commit_resolve(long_history, "main")
    assert (count(long_history), after.title, after.tree_id) == (1, "Begin anew", before.tree_id)


def test_only_who_may_write_squashes(browser, charlie, long_history):
    assert browser(charlie).post("/alice/open/squash", {"branch": "main", "confirm": "main"}).status_code == 403
    assert browser().post("/alice/open/squash", {"branch": "main", "confirm": "main"}).status_code == 302
    assert count(long_history) == 5

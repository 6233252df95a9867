"""Making an empty entry, and the page of its owner."""

import pytest

from hub.catalog.models import Repo
from tests.factories.catalog import make_model


def test_an_entry_is_made_and_leads_to_its_files(browser, alice):
    client = browser(alice)
    answer = client.post("/new", {"type": "dataset", "namespace": "alice", "name": "digits", "visibility": "private"})
    assert answer["Location"] == "/datasets/alice/digits/tree/main"
    made = Repo.objects.get()
    assert (made.type, made.visibility, made.full_name) == ("dataset", "private", "alice/digits")
    page = client.get(answer["Location"]).content.decode()
    assert 'data-api="/api/datasets/alice/digits"' in page
    assert 'data-git="/datasets/alice/digits.git"' in page


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ({"name": ""}, "is not a name"),
        ({"name": "open"}, "is there already"),
        ({"name": "x", "namespace": "charlie"}, "may not put"),
    ],
)
def test_a_bad_form_says_why(browser, alice, charlie, zoo, data, words):
    answer = browser(alice).post("/new", {"namespace": "alice", "type": "model", **data})
    assert answer.status_code >= 400
    assert words in answer.content.decode()
    assert Repo.objects.count() == 2


def test_making_needs_an_account(db, browser):
    assert browser().get("/new")["Location"].startswith("/login")
    assert browser().post("/new", {"name": "x"}).status_code == 302
    assert not Repo.objects.exists()


def test_the_owners_page_counts_what_one_may_see(browser, alice, bob, charlie, lab, zoo):
    make_model(alice, "shared", namespace="lab", visibility="private")
    member, stranger = browser(bob).get("/lab").content.decode(), browser(charlie).get("/lab").content.decode()
    assert "you are contributor" in member
    assert "shared" in member
    assert "/organizations/lab/members" in member
    assert "shared" not in stranger
    assert "/organizations/lab" not in stranger
    assert "New entry" not in stranger.split("<main")[1]
    assert "New entry" in browser(alice).get("/alice").content.decode().split("<main")[1]

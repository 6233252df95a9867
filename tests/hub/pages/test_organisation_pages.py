"""Organisation pages: who sees them, who changes whose role, and that the last owner stays."""

import pytest

from hub.accounts.models import Membership, Namespace


def role(lab, user) -> str:
    return Membership.objects.filter(namespace=lab, user=user).values_list("role", flat=True).first() or ""


def test_an_organisation_is_made_and_its_maker_owns_it(browser, alice):
    answer = browser(alice).post("/organizations/new", {"name": "greenhouse"})
    assert answer["Location"] == "/organizations/greenhouse/members"
    assert role(Namespace.objects.get(name="greenhouse"), alice) == "owner"


@pytest.mark.parametrize(
    ("name", "words"), [("lab", "taken"), ("jobs", "reserved"), ("a b", "is not a name"), ("", "is not a name")]
)
def test_a_bad_name_is_refused_with_the_form_as_it_was(browser, alice, lab, name, words):
    answer = browser(alice).post("/organizations/new", {"name": name})
    assert answer.status_code in (400, 409)
    assert words in answer.content.decode()


def test_members_see_who_belongs_and_strangers_nothing(browser, alice, bob, charlie, root, lab):
    for user in (alice, bob, root):
        page = browser(user).get("/organizations/lab/members").content.decode()
        assert "alice" in page
        assert "bob" in page
    assert browser(charlie).get("/organizations/lab/members").status_code == 404
    assert browser().get("/organizations/lab/members").status_code == 302


def test_an_owner_gives_and_takes_roles(browser, alice, bob, lab):
    client = browser(alice)
    client.post("/organizations/lab/members/role", {"user": "bob", "role": "maintainer"})
    assert role(lab, bob) == "maintainer"
    client.post("/organizations/lab/members/role", {"user": "bob", "role": ""})
    assert role(lab, bob) == ""


def test_a_contributor_changes_nobody_but_may_leave(browser, alice, bob, charlie, lab):
    client = browser(bob)
    assert client.post("/organizations/lab/members/role", {"user": "bob", "role": "owner"}).status_code == 403
    assert client.post("/organizations/lab/members/role", {"user": "alice", "role": ""}).status_code == 403
    assert client.post("/organizations/lab/members/role", {"user": "charlie", "role": "viewer"}).status_code == 403
    assert (role(lab, alice), role(lab, bob), role(lab, charlie)) == ("owner", "contributor", "")
    client.post("/organizations/lab/members/role", {"user": "bob", "role": ""})
    assert role(lab, bob) == ""


def test_a_maintainer_makes_no_owner(browser, alice, bob, lab):
    browser(alice).post("/organizations/lab/members/role", {"user": "bob", "role": "maintainer"})
    answer = browser(bob).post("/organizations/lab/members/role", {"user": "bob", "role": "owner"})
    assert answer.status_code == 403
    assert "Only an owner" in answer.content.decode()
    assert role(lab, bob) == "maintainer"


def test_the_last_owner_stays(browser, alice, lab):
    answer = browser(alice).post("/organizations/lab/members/role", {"user": "alice", "role": ""})
    assert answer.status_code == 409
    assert "last owner" in answer.content.decode()
    assert role(lab, alice) == "owner"

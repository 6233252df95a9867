"""Organisation pages: who sees them, who changes whose role, and that the last owner stays."""

import pytest

from hub.accounts.models import Membership, Namespace
from hub.pages.numbers import size


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


PARTS = ["service-accounts", "usage", "settings"]


@pytest.mark.parametrize("part", PARTS)
def test_the_parts_for_deciding_are_for_who_decides(browser, alice, bob, charlie, lab, part):
    assert browser(alice).get(f"/organizations/lab/{part}").status_code == 200
    assert browser(bob).get(f"/organizations/lab/{part}").status_code == 403
    assert browser(charlie).get(f"/organizations/lab/{part}").status_code == 404
    assert browser().get(f"/organizations/lab/{part}").status_code == 302


def test_the_profile_is_told_on_the_owners_page(browser, alice, lab):
    client = browser(alice)
    client.post("/organizations/lab/settings/profile", {"full_name": "The Lab", "about": "Digits and moss."})
    page = browser().get("/lab").content.decode()
    assert "The Lab" in page
    assert "Digits and moss." in page
    refused = client.post("/organizations/lab/settings/profile", {"full_name": "x" * 151, "about": "kept"})
    assert refused.status_code == 400
    assert 'value="kept"' in refused.content.decode()


def test_an_organisation_is_deleted_when_empty_and_named(browser, alice, lab):
    from tests.factories.catalog import make_repo

    client, path = browser(alice), "/organizations/lab/settings/delete"
    assert "Type lab" in client.post(path, {"confirm": ""}).content.decode()
    repo = make_repo(alice, "one", namespace="lab")
    assert "still has 1 repo" in client.post(path, {"confirm": "lab"}).content.decode()
    repo.refs.all().delete()
    repo.delete()
    assert client.post(path, {"confirm": "lab"})["Location"] == "/settings"
    assert not Namespace.objects.filter(name="lab").exists()


def test_a_service_account_gets_a_token_that_is_shown_once(browser, alice, lab):
    from hub.accounts.selectors import token_authenticate

    client, base = browser(alice), "/organizations/lab/service-accounts"
    client.post(f"{base}/new", {"name": "ci-bot", "role": "contributor"})
    answer = client.post(
        f"{base}/token", {"service": "ci-bot", "name": "runner", "scopes": ["read", "write"], "days": "30"}
    )
    raw = answer.content.decode().split('<pre tabindex="0">')[1].split("</pre>")[0]
    token = token_authenticate(raw)
    assert token.user.username == "ci-bot"
    assert answer["Cache-Control"] == "no-store"
    assert raw not in client.get(base).content.decode()
    client.post(f"{base}/token/{token.pk}/revoke", {"service": "ci-bot"})
    assert token_authenticate(raw) is None
    client.post(f"{base}/delete", {"name": "ci-bot"})
    assert "ci-bot" not in client.get(base).content.decode().split("<h2>Service accounts</h2>")[1]


@pytest.mark.parametrize("deed", ["new", "delete", "token"])
def test_a_contributor_and_a_stranger_make_no_service_account(browser, bob, charlie, lab, deed):
    data = {"name": "bot", "role": "viewer", "service": "bot", "scopes": ["read"]}
    assert browser(bob).post(f"/organizations/lab/service-accounts/{deed}", data).status_code == 403
    assert browser(charlie).post(f"/organizations/lab/service-accounts/{deed}", data).status_code == 404
    assert not lab.service_accounts.exists()


def test_the_room_is_told_beside_its_limit(browser, alice, lab, settings):
    from tests.factories.catalog import make_model

    settings.QUOTA_BYTES = 1_000_000
    make_model(alice, "one", namespace="lab")
    page = browser(alice).get("/organizations/lab/usage").content.decode()
    assert f"of {size(1_000_000)}" in page
    assert "one" in page


def test_administrators_set_a_quota_and_nobody_else(browser, alice, root, lab):
    path, data = "/organizations/lab/usage/quota", {"quota_bytes": "5000", "quota_compute_s": ""}
    assert browser(alice).post(path, data).status_code == 403
    assert browser(root).post(path, data).status_code == 302
    lab.refresh_from_db()
    assert (lab.quota_bytes, lab.quota_compute_s) == (5000, None)
    refused = browser(root).post(path, {"quota_bytes": "-1"})
    assert refused.status_code == 400
    assert "is not a number" in refused.content.decode()
    assert "Set the quota" not in browser(alice).get("/organizations/lab/usage").content.decode()

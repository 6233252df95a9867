"""Devices, room, limited tokens, the end of an account."""

import pytest

from hub.accounts.models import Device, User
from hub.accounts.selectors import token_authenticate
from hub.pages.views.account_parts import device_words
from tests.factories.accounts import PASSWORD, make_user
from tests.factories.catalog import make_repo

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"


@pytest.mark.parametrize("part", ["devices", "storage", "data"])
def test_the_parts_need_an_account(browser, alice, part):
    assert browser().get(f"/settings/{part}")["Location"].startswith("/login")
    assert browser(alice).get(f"/settings/{part}").status_code == 200


def test_devices_are_named_and_ended(browser, alice):
    here, there = browser(alice), browser(alice)
    there.get("/", headers={"user-agent": FIREFOX})
    page = here.get("/settings/devices").content.decode()
    assert "Firefox on Linux" in page
    other = Device.objects.get(browser=FIREFOX)
    here.post(f"/settings/devices/{other.pk}/end")
    assert there.get("/settings").status_code == 302
    assert here.get("/settings").status_code == 200


def test_all_other_devices_are_ended_at_once(browser, alice):
    here, there = browser(alice), browser(alice)
    there.get("/"), here.get("/")
    here.post("/settings/devices/end-others")
    assert there.get("/settings").status_code == 302
    assert here.get("/settings").status_code == 200


def test_nobody_ends_the_session_of_another(browser, alice, charlie):
    there = browser(alice)
    there.get("/")
    assert browser(charlie).post(f"/settings/devices/{Device.objects.get(user=alice).pk}/end").status_code == 404
    assert there.get("/settings").status_code == 200


@pytest.mark.parametrize(
    ("said", "words"),
    [(FIREFOX, "Firefox on Linux"), ("Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/140.0 Safari/537.36 Edg/140.0", "Edge on Windows"), ("curl/8.0", "curl/8.0"), ("", "Unknown browser")],
)  # fmt: skip
def test_a_browser_is_told_in_words(said, words):
    assert device_words(said) == words


def test_a_token_is_limited_to_entries_and_owners(browser, alice, lab, zoo):
    answer = browser(alice).post(
        "/settings/tokens",
        {"name": "ci", "scopes": ["write"], "namespaces": ["lab"], "repos": "alice/secret", "days": "9"},
    )
    raw = answer.content.decode().split('<pre tabindex="0">')[1].split("</pre>")[0]
    token = token_authenticate(raw)
    assert (token.namespace_ids, token.repo_ids) == ([lab.pk], [zoo["secret"].pk])
    assert "limited" in browser(alice).get("/settings").content.decode()


def test_a_limit_to_what_one_may_not_see_is_refused(browser, alice, charlie):
    make_repo(charlie, "hidden", visibility="private")
    answer = browser(alice).post("/settings/tokens", {"name": "ci", "scopes": ["read"], "repos": "charlie/hidden"})
    assert answer.status_code == 400
    assert "you may not see it" in answer.content.decode()
    assert not alice.access_tokens.exists()


def test_an_account_ends_with_its_name_and_password(browser, db):
    dora = make_user("dora", password=PASSWORD)
    client = browser(dora)
    for data, words in (
        ({"confirm": "me", "password": PASSWORD}, "Type dora"),
        ({"confirm": "dora", "password": "no"}, "The password is not right."),
    ):
        assert words in client.post("/settings/data/delete", data).content.decode()
    repo = make_repo(dora, "one")
    assert (
        "You have 1 repo"
        in client.post("/settings/data/delete", {"confirm": "dora", "password": PASSWORD}).content.decode()
    )
    repo.refs.all().delete()
    repo.delete()
    assert client.post("/settings/data/delete", {"confirm": "dora", "password": PASSWORD})["Location"] == "/"
    assert not User.objects.filter(username="dora").exists()
    assert client.get("/settings").status_code == 302


def test_a_new_password_keeps_this_browser_and_ends_the_others(browser, alice):
    alice.set_password("correct horse battery")
    alice.save()
    here, there = browser(alice), browser(alice)
    given = {"old": "correct horse battery", "new": "another horse battery", "again": "another horse battery"}
    assert here.post("/settings/password", {**given, "old": "wrong"}).status_code == 403
    assert here.post("/settings/password", {**given, "again": "something else"}).status_code == 400
    assert here.post("/settings/password", {**given, "new": "short", "again": "short"}).status_code == 400
    assert there.get("/settings").status_code == 200
    assert here.post("/settings/password", given).status_code == 302
    assert here.get("/settings").status_code == 200
    assert there.get("/settings").status_code == 302
    alice.refresh_from_db()
    assert alice.check_password("another horse battery")

"""From a letter to a member, and to an account."""

import re

import pytest

from hub.accounts.invitations import invitation_create
from hub.accounts.models import Invitation, Membership, User

PASSWORD = "several plain words together"


def link(answer) -> str:
    return re.search(r'<pre tabindex="0">[^<]*/join#([\w-]+)</pre>', answer.content.decode())[1]


def role(lab, user) -> str:
    return Membership.objects.filter(namespace=lab, user=user).values_list("role", flat=True).first() or ""


def invite(client, **data):
    return client.post("/organizations/lab/invitations", {"role": "viewer", **data})


def test_a_link_is_shown_once_and_lets_in(browser, alice, charlie, lab):
    answer = invite(browser(alice), who="", role="contributor")
    secret = link(answer)
    assert answer["Cache-Control"] == "no-store"
    assert secret not in browser(alice).get("/organizations/lab/members").content.decode()
    assert browser(charlie).post("/join", {"code": secret})["Location"] == "/organizations/lab/members"
    assert role(lab, charlie) == "contributor"
    again = browser(charlie).post("/join", {"code": secret})
    assert again.status_code == 404
    assert "This invitation is not good" in again.content.decode()


def test_somebody_of_this_hub_accepts_without_the_link(browser, alice, charlie, lab):
    invite(browser(alice), who="charlie")
    page = browser(charlie).get("/invitations").content.decode()
    assert "lab" in page
    letter = Invitation.objects.get()
    assert browser(charlie).post(f"/invitations/{letter.pk}/accept").status_code == 302
    assert role(lab, charlie) == "viewer"


def test_an_invitation_is_withdrawn_and_declined(browser, alice, charlie, lab):
    client = browser(alice)
    invite(client, who="charlie")
    client.post(f"/organizations/lab/invitations/{Invitation.objects.get().pk}/withdraw")
    assert browser(charlie).post(f"/invitations/{Invitation.objects.get().pk}/accept").status_code == 404
    invite(client, who="charlie")
    letter = Invitation.objects.get(withdrawn_at=None)
    browser(charlie).post(f"/invitations/{letter.pk}/withdraw")
    assert not Invitation.objects.filter(withdrawn_at=None).exists()
    assert role(lab, charlie) == ""


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ({"who": "nobody-here"}, "There is no user"),
        ({"who": "bob"}, "belongs to lab already"),
        ({"who": "a@b"}, "is not an address"),
        ({"role": "king"}, "is not a role"),
    ],
)
def test_a_bad_invitation_is_refused(browser, alice, lab, data, words):
    answer = invite(browser(alice), **data)
    assert answer.status_code >= 400
    assert words in answer.content.decode()
    assert not Invitation.objects.exists()


def test_who_may_not_invite_invites_nobody(browser, bob, charlie, lab):
    assert invite(browser(bob)).status_code == 403
    assert invite(browser(charlie)).status_code == 404
    assert browser(bob).post("/invitations/new", {"email": ""}).status_code == 403
    assert not Invitation.objects.exists()


def sign_up(client, **data):
    return client.post("/signup", {"name": "dora", "password": PASSWORD, "again": PASSWORD, **data})


def test_an_invited_person_makes_an_account_and_is_signed_in(browser, root, settings):
    settings.SIGN_UP = "invited"
    secret = link(browser(root).post("/invitations/new", {"email": "dora@example.org"}))
    client = browser()
    assert sign_up(client, code="wrong").status_code == 404
    assert sign_up(client, code=secret)["Location"] == "/"
    assert User.objects.get(username="dora").email == "dora@example.org"
    assert client.get("/settings").status_code == 200


def test_a_letter_to_an_organisation_makes_a_member_too(browser, alice, lab, settings):
    settings.SIGN_UP = "invited"
    _, secret = invitation_create(asker=alice, namespace=lab, role="viewer")
    sign_up(browser(), code=secret)
    assert role(lab, User.objects.get(username="dora")) == "viewer"


@pytest.mark.parametrize("mode", ["closed", "invited", "open"])
def test_signing_up_follows_the_setting(db, browser, settings, mode):
    settings.SIGN_UP = mode
    page = browser().get("/signup").content.decode()
    assert ('name="password"' in page) == (mode != "closed")
    assert sign_up(browser()).status_code == (302 if mode == "open" else 403)
    assert User.objects.filter(username="dora").exists() == (mode == "open")
    assert ("/signup" in browser().get("/login").content.decode()) == (mode != "closed")


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ({"again": "other"}, "The two passwords differ."),
        ({"password": "short", "again": "short"}, "too short"),
        ({"name": "jobs"}, "reserved"),
        ({"name": "alice"}, "taken"),
    ],
)
def test_a_bad_sign_up_says_why_and_keeps_no_password(browser, alice, settings, data, words):
    settings.SIGN_UP = "open"
    answer = sign_up(browser(), **data)
    assert answer.status_code >= 400
    assert words in answer.content.decode()
    assert PASSWORD not in answer.content.decode()
    assert not User.objects.filter(username="dora").exists()

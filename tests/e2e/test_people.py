"""Two people and an entry: asking for a gated one, and joining an organisation."""

import re

import pytest

from hub.catalog.gates import gate_set
from tests.factories.accounts import PASSWORD, make_organisation, make_user


@pytest.fixture
def emil(transactional_db):
    return make_user("emil", password=PASSWORD)


def sign_in(page, name: str) -> None:
    page.goto("/login")
    page.get_by_label("Name").fill(name)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/")


def test_from_a_gate_to_the_files(visit, dora, emil, family):
    gate_set(user=dora, repo=family["one"], gated="manual", terms="Be kind.")
    visitor, owner = visit(), visit()
    sign_in(visitor, "emil")
    visitor.goto("/dora/one/blob/main/README.md")
    assert visitor.get_by_text("Be kind.").is_visible()
    visitor.get_by_label("I have read the terms").check()
    visitor.get_by_label("What you want to do with it").fill("For a course")
    visitor.get_by_role("button", name="Ask for access").click()
    visitor.get_by_text("The owners of dora decide.").wait_for()

    sign_in(owner, "dora")
    owner.goto("/dora/one/settings")
    owner.get_by_role("link", name="Requests, 1 waiting").click()
    assert owner.get_by_text("For a course").is_visible()
    owner.get_by_role("button", name="Accept emil").click()
    owner.get_by_text("emil may read dora/one now.").wait_for()

    visitor.goto("/dora/one/blob/main/README.md")
    assert visitor.locator(".sheet.prose").get_by_text("Made for a test.").is_visible()
    assert owner.troubles == visitor.troubles == []


def test_from_an_invitation_to_a_member(visit, dora, emil):
    make_organisation("lab", owner=dora)
    owner, guest = visit(), visit()
    sign_in(owner, "dora")
    owner.goto("/organizations/lab/members")
    owner.get_by_label("Role", exact=True).select_option("contributor")
    owner.get_by_role("button", name="Make the invitation").click()
    link = owner.locator("#invitations pre").inner_text()
    path = re.sub(r"^https?://[^/]+", "", link)

    seen = []
    guest.on("request", lambda request: seen.append(request.url))
    guest.goto(path)
    guest.get_by_role("link", name="I have an account").click()
    guest.get_by_label("Name").fill("emil")
    guest.get_by_label("Password", exact=True).fill(PASSWORD)
    guest.get_by_role("button", name="Sign in").click()
    guest.wait_for_url("**/join")
    assert guest.get_by_label("Code of your invitation").input_value() == link.rpartition("#")[2]
    guest.get_by_role("button", name="Accept").click()
    guest.get_by_text("You are contributor of lab now.").wait_for()
    assert emil.memberships.get().role == "contributor"
    assert guest.troubles == owner.troubles == []


def test_an_invitation_makes_an_account(visit, dora, settings):
    settings.SIGN_UP = "invited"
    make_organisation("lab", owner=dora)
    owner, guest = visit(), visit()
    sign_in(owner, "dora")
    owner.goto("/organizations/lab/members")
    owner.get_by_role("button", name="Make the invitation").click()
    guest.goto(re.sub(r"^https?://[^/]+", "", owner.locator("#invitations pre").inner_text()))
    guest.get_by_role("link", name="Make an account").click()
    guest.get_by_label("Name").fill("frida")
    guest.get_by_label("Password", exact=True).fill("several plain words together")
    guest.get_by_label("The same again").fill("several plain words together")
    guest.get_by_role("button", name="Make the account").click()
    guest.get_by_text("Welcome, frida.").wait_for()
    guest.goto("/organizations/lab/members")
    assert guest.get_by_role("link", name="frida").first.is_visible()

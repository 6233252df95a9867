"""The audit log in the browser: whose deeds one sees, filters, pages; the export of an account."""

import json

import pytest

from tests.factories.accounts import make_token
from tests.factories.catalog import make_repo


@pytest.fixture
def deeds(alice, bob, charlie, lab):
    make_repo(alice, "mine")
    make_repo(bob, "shared", namespace="lab")
    make_token(charlie, "read")


def rows(page: str) -> str:
    return page.split("<tbody>")[1].split("</tbody>")[0] if "<tbody>" in page else ""


def test_everybody_sees_their_own_deeds_and_administrators_all(browser, alice, charlie, root, deeds):
    mine, theirs, every = (rows(browser(user).get("/audit").content.decode()) for user in (alice, charlie, root))
    assert "alice/mine" in mine
    assert "lab/shared" in mine  # she owns the organisation
    assert "alice/mine" not in theirs
    assert "Made a token" in theirs
    assert "alice/mine" in every
    assert "Made a token" in every
    assert browser().get("/audit").status_code == 302


def test_the_log_of_an_organisation_is_for_who_decides_there(browser, alice, bob, charlie, deeds):
    page = browser(alice).get("/organizations/lab/audit").content.decode()
    assert "lab/shared" in rows(page)
    assert "alice/mine" not in rows(page)
    assert browser(bob).get("/organizations/lab/audit").status_code == 403
    assert browser(charlie).get("/organizations/lab/audit").status_code == 404


def test_filters_and_pages_keep_to_the_address(browser, root, deeds, monkeypatch):
    monkeypatch.setattr("hub.pages.views.audit.SHOWN", 1)
    page = browser(root).get("/audit?what=repo").content.decode()
    assert "Made a token" not in rows(page)
    assert "lab/shared" in rows(page)
    following = page.split('rel="next"')[0].rsplit('href="', 1)[1].split('"')[0].replace("&amp;", "&")
    assert "what=repo" in following
    older = browser(root).get(f"/audit{following}").content.decode()
    assert "alice/mine" in rows(older) or "Published" in rows(older) or "lab" in rows(older)
    assert "lab/shared" not in rows(page) or rows(older) != rows(page)
    assert "No entry fits." in browser(root).get("/audit?who=nobody-here").content.decode()
    assert browser(root).get("/audit?what=nonsense").status_code == 400


def test_an_export_is_one_document_without_secrets(browser, alice, deeds):
    raw = make_token(alice, "read")
    answer = browser(alice).post("/settings/data/export")
    document = json.loads(answer.content)
    assert document["profile"]["name"] == "alice"
    assert 'filename="alice.json"' in answer["Content-Disposition"]
    assert raw not in answer.content.decode()
    assert browser(alice).get("/settings/data/export").status_code == 405

"""Who sees which page: endpoint × actor × status, and that what is hidden reads like what is not there."""

import re

import pytest

from hub.core.errors import NOT_VISIBLE
from tests.factories.jobs import make_job

OPEN = [
    "/",
    "/models",
    "/datasets",
    "/make",
    "/login",
    "/docs",
    "/docs/methods",
    "/docs/fetch",
    "/docs/push",
    "/docs/share",
    "/docs/import",
    "/docs/licences",
    "/docs/adapters",
    "/docs/operations",
    "/docs/run",
    "/signup",
    "/join",
    "/docs/recipes",
    "/docs/results",
    "/docs/api",
]
WALLED = [
    "/new",
    "/import",
    "/audit",
    "/invitations",
    "/settings/devices",
    "/settings/storage",
    "/settings/data",
    "/organizations/new",
    "/jobs",
    "/settings",
    "/make/merge",
    "/make/evaluate",
    "/make/train",
]
ENTRY = [
    "",
    "/tree/main",
    "/blob/main/README.md",
    "/commits",
    "/commit/main",
    "/compare",
    "/branches",
    "/likers",
    "/tensors",
    "/lineage",
    "/evaluations",
]


def _without_marks(answer, name: str) -> str:
    """The page without the name that was asked for and without the form's token, which differs each time."""
    return re.sub(r"\b[A-Za-z0-9]{64}\b", "", answer.content.decode()).replace(name, "")


@pytest.mark.parametrize("path", OPEN)
def test_anybody_sees(db, browser, path):
    assert browser().get(path).status_code == 200


@pytest.mark.parametrize("path", WALLED)
def test_who_is_not_signed_in_is_sent_to_sign_in_and_back(db, browser, path):
    answer = browser().get(path)
    assert answer.status_code == 302
    assert answer["Location"] == f"/login?next={path.replace('/', '%2F')}"


@pytest.mark.parametrize("path", WALLED)
def test_who_is_signed_in_sees(browser, alice, path):
    assert browser(alice).get(path).status_code == 200


@pytest.mark.parametrize("part", ENTRY)
def test_a_public_entry_is_open_to_everybody(browser, charlie, zoo, part):
    assert browser().get(f"/alice/open{part}").status_code == 200
    assert browser(charlie).get(f"/alice/open{part}").status_code == 200


@pytest.mark.parametrize("part", ENTRY)
def test_a_private_entry_is_not_there_for_strangers(browser, alice, charlie, zoo, part):
    assert browser(alice).get(f"/alice/secret{part}").status_code == 200
    hidden, missing = browser(charlie).get(f"/alice/secret{part}"), browser(charlie).get(f"/alice/nothing{part}")
    assert hidden.status_code == missing.status_code == 404
    assert NOT_VISIBLE in hidden.content.decode()
    assert _without_marks(hidden, "secret") == _without_marks(missing, "nothing")
    assert browser().get(f"/alice/secret{part}").status_code == 404


def test_lists_leave_private_entries_out(browser, alice, charlie, zoo):
    for path in ("/models", "/alice", "/"):
        assert "alice/secret" not in browser(charlie).get(path).content.decode().replace("<b>", "").replace("</b>", "")
    assert "<b>secret</b>" in browser(alice).get("/models").content.decode()
    assert "<b>secret</b>" in browser(alice).get("/alice").content.decode()


@pytest.mark.parametrize("part", ["", "/live", "/log", "/recipe.yaml", "/result", "/curve.csv"])
def test_a_job_is_its_owners_alone(browser, alice, charlie, part):
    job = make_job(alice)
    assert browser(charlie).get(f"/jobs/{job.number}{part}").status_code == 404
    assert browser().get(f"/jobs/{job.number}{part}").status_code == 302


@pytest.mark.parametrize("deed", ["cancel", "retry", "reproduce"])
def test_a_stranger_can_do_nothing_to_a_job(browser, alice, charlie, deed):
    job = make_job(alice)
    assert browser(charlie).post(f"/jobs/{job.number}/{deed}").status_code == 404
    job.refresh_from_db()
    assert job.state == "queued"


def test_staff_see_every_job(browser, alice, root):
    job = make_job(alice)
    assert browser(root).get(f"/jobs/{job.number}").status_code == 200


def test_the_style_guide_is_for_debugging_only(db, browser, settings):
    assert browser().get("/styleguide").status_code == 404
    settings.DEBUG = True
    assert browser().get("/styleguide").status_code == 200


@pytest.mark.parametrize("path", ["/alice/open", "/models", "/", "/login", "/settings", "/make/merge"])
def test_every_page_carries_the_content_policy(browser, alice, zoo, path):
    policy = browser(alice).get(path)["Content-Security-Policy"]
    assert "script-src 'self'" in policy
    assert "unsafe" not in policy


@pytest.mark.parametrize("path", ["/logout", "/theme", "/settings/tokens", "/make/merge/check"])
def test_changes_need_a_post(browser, alice, path):
    assert browser(alice).get(path).status_code == 405


def test_changes_need_the_forms_token(alice):
    from django.test import Client

    client = Client(SERVER_NAME="127.0.0.1", enforce_csrf_checks=True)
    client.force_login(alice, backend="django.contrib.auth.backends.ModelBackend")
    answer = client.post("/settings/tokens", {"name": "x", "scopes": "read"})
    assert answer.status_code == 403
    assert not alice.access_tokens.exists()

"""A gated entry in the browser: what visitors see, how they ask, who decides."""

import pytest

from hub.catalog.gates import gate_set, repo_disable
from hub.catalog.models import AccessRequest, Repo
from hub.catalog.selectors import commit_resolve

CONTENT = ["/blob/main/README.md", "/tensors"]


@pytest.fixture
def gated(alice, zoo):
    return gate_set(user=alice, repo=zoo["open"], gated="manual", terms="Use it **kindly**.")


def request_of(user) -> AccessRequest:
    return AccessRequest.objects.get(user=user)


def test_visitors_see_the_terms_and_no_file(browser, charlie, gated):
    page = browser(charlie).get("/alice/open").content.decode()
    assert "The files of this entry are gated" in page
    assert "<strong>kindly</strong>" in page
    assert "Ask for access" in page
    for path in CONTENT:
        answer = browser(charlie).get(f"/alice/open{path}")
        assert answer.status_code == 403
        assert "Made for a test." not in answer.content.decode().split('<nav class="tabs"')[1]
        assert "Ask for access" in answer.content.decode()
    assert "Sign in to ask" in browser().get("/alice/open").content.decode()


def test_a_commit_tells_names_and_no_lines(browser, alice, charlie, gated):
    oid = commit_resolve(gated, "main").oid
    page = browser(charlie).get(f"/alice/open/commit/{oid}").content.decode()
    assert "README.md" in page
    assert "license" not in page
    assert "license" in browser(alice).get(f"/alice/open/commit/{oid}").content.decode()


def test_from_asking_to_being_let_in(browser, alice, charlie, gated):
    visitor, owner = browser(charlie), browser(alice)
    assert visitor.post("/alice/open/access/ask", {"message": "For a course"}).status_code == 400  # without agreeing
    visitor.post("/alice/open/access/ask", {"message": "For a course", "agreed": "on"})
    assert "The owners of alice decide." in visitor.get("/alice/open").content.decode()
    assert "1 waiting" in owner.get("/alice/open/settings").content.decode()
    page = owner.get("/alice/open/access").content.decode()
    assert "charlie" in page
    assert "For a course" in page
    owner.post("/alice/open/access/decide", {"user": "charlie", "state": "accepted"})
    assert visitor.get("/alice/open/blob/main/README.md").status_code == 200
    assert "gated</h2>" not in visitor.get("/alice/open").content.decode()


def test_a_rejection_is_told_with_its_reason(browser, alice, charlie, gated):
    browser(charlie).post("/alice/open/access/ask", {"agreed": "on"})
    browser(alice).post(
        "/alice/open/access/decide", {"user": "charlie", "state": "rejected", "reason": "Students only"}
    )
    page = browser(charlie).get("/alice/open").content.decode()
    assert "Turned away" in page
    assert "Students only" in page
    assert browser(charlie).get("/alice/open/blob/main/README.md").status_code == 403
    assert "Students only" in browser(alice).get("/alice/open/access?state=rejected").content.decode()


def test_an_automatic_gate_lets_in_who_agrees(browser, alice, charlie, zoo):
    browser(alice).post("/alice/open/settings/gate", {"gated": "auto", "terms": "Be kind."})
    assert "Agree to the terms" in browser(charlie).get("/alice/open").content.decode()
    browser(charlie).post("/alice/open/access/ask", {"agreed": "on"})
    assert request_of(charlie).state == "accepted"
    assert browser(charlie).get("/alice/open/tensors").status_code == 200


def test_access_is_granted_to_who_has_not_asked(browser, alice, charlie, gated):
    browser(alice).post("/alice/open/access/decide", {"user": "charlie", "state": "accepted"})
    assert browser(charlie).get("/alice/open/tensors").status_code == 200
    answer = browser(alice).post("/alice/open/access/decide", {"user": "nobody-here", "state": "accepted"})
    assert answer.status_code == 404
    assert "There is no user" in answer.content.decode()


def test_only_who_administers_decides(browser, bob, charlie, gated):
    browser(charlie).post("/alice/open/access/ask", {"agreed": "on"})
    for client in (browser(bob), browser(charlie)):
        assert client.get("/alice/open/access").status_code == 403
        assert client.post("/alice/open/access/decide", {"user": "charlie", "state": "accepted"}).status_code == 403
        assert client.post("/alice/open/settings/gate", {"gated": ""}).status_code == 403
    assert browser().post("/alice/open/access/ask", {"agreed": "on"}).status_code == 302
    assert request_of(charlie).state == "pending"


def test_a_gate_that_does_not_exist_is_refused(browser, alice, zoo):
    answer = browser(alice).post("/alice/open/settings/gate", {"gated": "sometimes", "terms": "kept words"})
    assert answer.status_code == 400
    assert "kept words" in answer.content.decode()
    assert Repo.objects.get(pk=zoo["open"].pk).gated == ""


def test_what_was_taken_down_says_so_and_gives_nothing(browser, alice, root, zoo):
    repo_disable(user=root, repo=zoo["open"], reason="A claim is looked at.")
    page = browser().get("/alice/open").content.decode()
    assert "took this entry down" in page
    assert "A claim is looked at." in page
    assert browser(alice).get("/alice/open/blob/main/README.md").status_code == 403
    assert browser(alice).get("/alice/open/edit/main/README.md").status_code == 403


def test_lists_mark_what_is_gated(browser, charlie, gated):
    assert "gated</span>" in browser(charlie).get("/models").content.decode()
    assert "gated</span>" in browser(charlie).get("/alice").content.decode()

"""Gated repos: everybody sees the entry, its files are for those who were let in."""

import hashlib

import pytest

from hub.accounts.models import AccessToken, AuditEntry
from hub.catalog.gates import gate_set, repo_disable
from tests.factories.catalog import make_repo
from tests.hub.hfapi.client import body, lfs_line

BYTES = ("/alice/thing/resolve/main/a.txt", "/alice/thing/raw/main/a.txt", "/api/models/alice/thing/auth-check")
HEADERS = "/api/v1/models/alice/thing/tensors"
SEEN = ("/api/models/alice/thing", "/api/models/alice/thing/tree/main", "/api/models/alice/thing/refs")


@pytest.fixture
def gated(alice):
    repo = make_repo(alice, "thing", files={"a.txt": "weights"})
    return gate_set(user=alice, repo=repo, gated="manual", terms="Be kind.")


@pytest.mark.parametrize("path", BYTES)
def test_files_stay_behind_the_gate(gated, alice, charlie, as_, anonymous, path):
    stranger, nobody = as_(charlie).get(path), anonymous.get(path)
    assert (stranger.status_code, stranger.headers["X-Error-Code"]) == (403, "GatedRepo")
    assert (nobody.status_code, nobody.headers["X-Error-Code"]) == (401, "GatedRepo")
    assert as_(alice).get(path).status_code == 200


def test_what_the_headers_of_weights_say_stays_behind_the_gate_too(gated, alice, charlie, as_, anonymous):
    for answer in (as_(charlie).get(HEADERS), anonymous.get(HEADERS)):
        assert (answer.status_code, answer.json()["code"]) == (403, "repo_gated")
    assert as_(alice).get(HEADERS).status_code == 200


@pytest.mark.parametrize("path", SEEN)
def test_the_entry_stays_visible(gated, anonymous, path):
    assert anonymous.get(path).status_code == 200


def test_who_is_let_in_reads_and_who_is_put_out_does_not(gated, alice, charlie, as_):
    owner, guest = as_(alice), as_(charlie)
    assert guest.post("/alice/thing/ask-access", {"message": "For a study."}).json() == {"status": "pending"}
    assert guest.get(BYTES[0]).status_code == 403
    (row,) = owner.get("/api/models/alice/thing/user-access-request/pending").json()
    assert (row["user"]["user"], row["fields"]) == ("charlie", {"message": "For a study."})
    decide = "/api/models/alice/thing/user-access-request/handle"
    assert owner.post(decide, {"user": "charlie", "status": "accepted"}).status_code == 200
    assert body(guest.get(BYTES[0])) == b"weights"
    assert (
        owner.post(decide, {"requestId": row["requestId"], "status": "rejected", "rejectionReason": "No."}).status_code
        == 200
    )
    refused = guest.get(BYTES[0])
    assert refused.status_code == 403
    assert "declined" in refused.headers["X-Error-Message"]
    deeds = list(AuditEntry.objects.filter(action__startswith="access.").order_by("id").values_list("action", "actor"))
    assert deeds == [("access.ask", "charlie"), ("access.decide", "alice"), ("access.decide", "alice")]


def test_an_automatic_gate_lets_in_who_asks(gated, alice, charlie, as_):
    gate_set(user=alice, repo=gated, gated="auto")
    assert as_(charlie).post("/alice/thing/ask-access", {}).json() == {"status": "accepted"}
    assert as_(charlie).get(BYTES[0]).status_code == 200


def test_an_owner_grants_without_being_asked(gated, alice, charlie, as_):
    path = "/api/models/alice/thing/user-access-request/grant"
    assert as_(alice).post(path, {"user": "charlie"}).status_code == 200
    assert as_(charlie).get(BYTES[0]).status_code == 200
    assert as_(alice).post(path, {"user": "nobody-here"}).status_code == 404


@pytest.mark.parametrize("deed", ["pending", "accepted", "rejected"])
def test_only_owners_see_who_asked(gated, charlie, as_, anonymous, deed):
    path = f"/api/models/alice/thing/user-access-request/{deed}"
    assert as_(charlie).get(path).status_code == 403
    assert anonymous.get(path).status_code == 401


def test_nobody_lets_themselves_in(gated, charlie, as_):
    for deed in ("grant", "handle"):
        path = f"/api/models/alice/thing/user-access-request/{deed}"
        assert as_(charlie).post(path, {"user": "charlie", "status": "accepted"}).status_code == 403
    assert as_(charlie).get(BYTES[0]).status_code == 403


def test_knowing_the_hash_of_a_gated_file_gives_nothing(gated, alice, charlie, as_):
    make_repo(charlie, "mine")
    oid = hashlib.sha256(b"weights").hexdigest()
    answer = as_(charlie).commit("charlie/mine", [lfs_line("a.bin", oid)])
    assert answer.status_code >= 400
    assert as_(charlie).get("/charlie/mine/resolve/main/a.bin").status_code == 404


def test_a_limited_token_does_not_pass_a_gate_it_is_not_for(gated, alice, as_):
    client = as_(alice, "read")
    other = make_repo(alice, "other")
    AccessToken.objects.filter(user=alice).update(repo_ids=[other.pk])
    assert client.get(BYTES[0]).status_code == 403
    AccessToken.objects.filter(user=alice).update(repo_ids=[gated.pk])
    assert client.get(BYTES[0]).status_code == 200


def test_the_gate_is_set_and_lifted_over_the_wire(gated, alice, charlie, as_, anonymous):
    settings = "/api/models/alice/thing/settings"
    assert as_(alice).send("PUT", settings, {"gated": False}).json()["gated"] is False
    assert anonymous.get(BYTES[0]).status_code == 200
    assert as_(alice).send("PUT", settings, {"gated": "auto"}).json()["gated"] == "auto"
    assert as_(alice).send("PUT", settings, {"gated": "maybe"}).status_code == 400
    assert as_(charlie).send("PUT", settings, {"gated": False}).status_code == 403
    assert anonymous.get("/api/models/alice/thing").json()["gated"] == "auto"


def test_what_was_taken_down_gives_no_file_to_anybody(alice, root, as_):
    repo = make_repo(alice, "thing", files={"a.txt": "weights"})
    repo_disable(user=root, repo=repo, reason="A complaint.")
    answer = as_(alice).get(BYTES[0])
    assert answer.status_code == 403
    assert answer.headers["X-Error-Message"] == "Access to this resource is disabled."
    assert "X-Error-Code" not in answer.headers
    repo_disable(user=root, repo=repo, reason="")
    assert as_(alice).get(BYTES[0]).status_code == 200

"""Who sees what, on every route: a private repo is not there, for strangers and for nobody, whatever they ask."""

import json
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from hub.accounts.models import AccessToken
from tests.factories.catalog import make_repo

READS = (
    ("GET", "/api/models/alice/thing"), ("GET", "/api/models/alice/thing/revision/main"), ("GET", "/api/models/alice/thing/tree/main"),
    ("POST", "/api/models/alice/thing/paths-info/main"), ("GET", "/api/models/alice/thing/refs"), ("GET", "/api/models/alice/thing/commits/main"),
    ("GET", "/api/models/alice/thing/auth-check"), ("GET", "/alice/thing/resolve/main/a.txt"), ("HEAD", "/alice/thing/resolve/main/a.txt"),
    ("GET", "/alice/thing/raw/main/a.txt"), ("GET", "/api/models/alice/thing/discussions"),
    ("GET", "/api/models/alice/thing/likers"), ("GET", "/api/resolve-cache/models/alice/thing/main/a.txt"),
    ("GET", "/api/models/alice/thing/tree/main/folder"), ("GET", "/api/models/alice/thing/safetensors-metadata/index.json"),
)  # fmt: skip
WRITES = (
    ("POST", "/api/models/alice/thing/preupload/main"),
    ("POST", "/api/models/alice/thing/commit/main"),
    ("POST", "/api/models/alice/thing/branch/x"),
    ("DELETE", "/api/models/alice/thing/branch/x"),
    ("POST", "/api/models/alice/thing/tag/main"),
    ("DELETE", "/api/models/alice/thing/tag/x"),
    ("PUT", "/api/models/alice/thing/settings"),
    ("GET", "/api/models/alice/thing/auth-check/write"),
    ("GET", "/api/models/alice/thing/xet-write-token/main"),
    ("POST", "/alice/thing.git/info/lfs/objects/batch"),
    ("POST", "/alice/thing.git/info/lfs/objects/verify"),
    ("DELETE", "/api/repos/delete"),
    ("POST", "/api/models/alice/thing/super-squash/main"),
    ("GET", "/api/models/alice/thing/lfs-files"),
    ("POST", "/api/models/alice/thing/lfs-files/batch"),
    ("GET", "/api/models/alice/thing/user-access-request/pending"),
    ("POST", "/api/models/alice/thing/user-access-request/handle"),
    ("POST", "/api/models/alice/thing/user-access-request/grant"),
)
# A change that every signed-in reader may make.
GUESTS = (
    ("POST", "/api/models/alice/thing/like"), ("DELETE", "/api/models/alice/thing/like"), ("POST", "/alice/thing/ask-access"),
    ("POST", "/api/models/alice/thing/lfs-files/duplicate"),
)  # fmt: skip
BODY = {
    "name": "thing",
    "organization": "alice",
    "operation": "upload",
    "objects": [],
    "files": [],
    "tag": "t",
    "paths": ["a.txt"],
}


def ask(client, method: str, path: str):
    return client.head(path) if method == "HEAD" else client.send(method, path, None if method == "GET" else BODY)


@pytest.mark.parametrize(("method", "path"), READS + WRITES + GUESTS)
def test_a_private_repo_is_not_there(alice, charlie, as_, anonymous, method, path):
    make_repo(alice, "thing", files={"a.txt": "secret"}, visibility="private")
    stranger, nobody = ask(as_(charlie), method, path), ask(anonymous, method, path)
    assert (stranger.status_code, stranger.headers.get("X-Error-Code")) == (404, "RepoNotFound")
    assert nobody.status_code == 401
    for answer in (stranger, nobody):
        assert answer.headers["X-Error-Message"]
        assert b"secret" not in answer.content
        assert "X-Repo-Commit" not in answer.headers


@pytest.mark.parametrize(("method", "path"), READS + WRITES + GUESTS)
def test_it_answers_as_one_that_never_was(alice, charlie, as_, anonymous, method, path):
    """Byte for byte: nothing tells the two apart."""

    def answers():
        return [(found.status_code, found.content, {name: value for name, value in found.headers.items() if name != "X-Request-Id"})
                for found in (ask(client, method, path) for client in (stranger, anonymous))]  # fmt: skip

    stranger = as_(charlie)
    before = answers()
    make_repo(alice, "thing", files={"a.txt": "secret"}, visibility="private")
    assert answers() == before


@pytest.mark.parametrize(("method", "path"), READS)
def test_a_public_repo_is_read_by_all(alice, anonymous, method, path):
    make_repo(alice, "thing", files={"a.txt": "open"})
    expected = 501 if "discussions" in path else 404 if "folder" in path or "index.json" in path else 200
    assert ask(anonymous, method, path).status_code == expected


@pytest.mark.parametrize(("method", "path"), WRITES)
def test_a_public_repo_is_changed_by_its_owner_alone(alice, charlie, as_, anonymous, method, path):
    repo = make_repo(alice, "thing", files={"a.txt": "open"})
    assert ask(as_(charlie), method, path).status_code == 403
    assert ask(anonymous, method, path).status_code == 401
    repo.refresh_from_db()
    assert (repo.visibility, repo.refs.count()) == ("public", 1)


@pytest.mark.parametrize(("method", "path"), WRITES + GUESTS)
def test_a_read_token_writes_nowhere(alice, as_, method, path):
    make_repo(alice, "thing", files={"a.txt": "open"})
    assert ask(as_(alice, "read"), method, path).status_code == 403


@pytest.mark.parametrize(("method", "path"), READS + WRITES + GUESTS)
def test_a_token_whose_time_is_over_opens_nothing(alice, as_, method, path):
    make_repo(alice, "thing", files={"a.txt": "secret"}, visibility="private")
    client = as_(alice)
    AccessToken.objects.filter(user=alice).update(expires_at=timezone.now() - timedelta(seconds=1))
    answer = ask(client, method, path)
    assert answer.status_code == 401
    assert answer.headers["X-Error-Message"] == "Invalid credentials in Authorization header"
    assert b"secret" not in answer.content


def test_a_session_writes_with_the_token_of_our_own_pages_alone(alice):
    """What the upload panel does; another site cannot send this header."""
    make_repo(alice, "thing", files={"a.txt": "open"})
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(alice)
    token = browser.get("/settings").context["csrf_token"]
    body = json.dumps({"files": [{"path": "b.txt", "size": 1, "sample": ""}]})

    def preupload(**headers: str) -> int:
        path = "/api/models/alice/thing/preupload/main"
        return browser.post(path, body, content_type="application/json", headers=headers).status_code

    assert preupload() == 401
    assert preupload(**{"x-csrftoken": "a" * 64}) == 401
    assert preupload(**{"x-csrftoken": str(token)}) == 200


def test_a_session_reads_but_never_writes_without_it(alice, client):
    make_repo(alice, "thing", files={"a.txt": "open"}, visibility="private")
    client.force_login(alice)
    assert client.get("/alice/thing/resolve/main/a.txt").status_code == 200
    for method, path in WRITES:
        if method != "GET":
            assert client.generic(method, path, json.dumps(BODY), content_type="application/json").status_code == 401, (
                path
            )
    assert client.post("/api/repos/create", {"name": "x"}, content_type="application/json").status_code == 401


def test_a_bad_token_is_no_anonymous_request(alice, client):
    make_repo(alice, "thing", files={"a.txt": "open"})
    answer = client.get("/alice/thing/resolve/main/a.txt", headers={"authorization": "Bearer hub_nonsense"})
    assert answer.status_code == 401
    assert answer.headers["X-Error-Message"] == "Invalid credentials in Authorization header"


def test_lists_hold_what_one_may_see(alice, charlie, as_, anonymous):
    make_repo(alice, "open")
    make_repo(alice, "closed", visibility="private")
    assert [row["id"] for row in anonymous.get("/api/models").json()] == ["alice/open"]
    assert [row["id"] for row in as_(charlie).get("/api/models?search=closed").json()] == []
    assert {row["id"] for row in as_(alice).get("/api/models").json()} == {"alice/open", "alice/closed"}

"""Clients choose their exception by headers, and HEAD has nothing else: every route of the protocol keeps to the same form."""

import pytest
from django.test import Client as DjangoClient
from django.urls import URLPattern

from hub.hfapi.urls import urlpatterns
from tests.factories.catalog import make_repo

NOWHERE = "alice/nowhere"
REPO = f"/api/models/{NOWHERE}"
# One address per view, with the method and the least body, that asks for what is not there.
ROUTES = {
    "whoami": ("GET", "/api/whoami-v2"), "validate_yaml": ("GET", "/api/validate-yaml"), "create": ("POST", "/api/repos/create"),
    "delete": ("DELETE", "/api/repos/delete"), "move": ("POST", "/api/repos/move"), "settings": ("PUT", f"{REPO}/settings"),
    "repositories": ("GET", "/api/settings/repositories"), "user_overview": ("GET", "/api/users/nobody-here/overview"),
    "likes": ("GET", "/api/users/nobody-here/likes"), "followers": ("GET", "/api/users/nobody-here/followers"),
    "organisation_overview": ("GET", "/api/organizations/nobody-here/overview"), "members": ("GET", "/api/organizations/nobody-here/members"),
    "tags_by_type": ("POST", "/api/models-tags-by-type"), "listing": ("GET", "/api/models?sort=nonsense"),
    "without_namespace": ("GET", "/api/models/bert"), "info": ("GET", REPO), "tree": ("GET", f"{REPO}/tree/main"),
    "paths_info": ("POST", f"{REPO}/paths-info/main"), "refs": ("GET", f"{REPO}/refs"), "commits": ("GET", f"{REPO}/commits/main"),
    "branch": ("POST", f"{REPO}/branch/a%2Fb"), "tag": ("POST", f"{REPO}/tag/main"), "auth_check": ("GET", f"{REPO}/auth-check"),
    "preupload": ("POST", f"{REPO}/preupload/main"), "commit": ("POST", f"{REPO}/commit/main"),
    "requests": ("GET", f"{REPO}/user-access-request/pending"), "discussions": ("GET", f"{REPO}/discussions"),
    "squash": ("POST", f"{REPO}/super-squash/main"), "lfs_files": ("GET", f"{REPO}/lfs-files"),
    "lfs_files_delete": ("POST", f"{REPO}/lfs-files/batch"), "lfs_files_duplicate": ("POST", f"{REPO}/lfs-files/duplicate"),
    "like": ("POST", f"{REPO}/like"), "likers": ("GET", f"{REPO}/likers"), "safetensors_metadata": ("GET", f"{REPO}/safetensors-metadata/x"),
    "no_spaces": ("POST", "/api/spaces"), "not_offered": ("GET", "/api/collections/x"), "space": ("GET", "/api/spaces/a/b"),
    "unknown": ("GET", "/api/nothing-here"), "ask": ("POST", f"/{NOWHERE}/ask-access"), "resolve": ("GET", f"/{NOWHERE}/resolve/main/a"),
    "raw": ("GET", f"/{NOWHERE}/raw/main/a"), "batch": ("POST", f"/{NOWHERE}.git/info/lfs/objects/batch"),
    "verify": ("POST", f"/{NOWHERE}.git/info/lfs/objects/verify"), "bytes_of": ("GET", f"/{NOWHERE}.git/info/lfs/objects/{'0' * 64}"),
    "part": ("PUT", f"/{NOWHERE}.git/info/lfs/objects/{'0' * 64}/parts/1"), "complete": ("POST", f"/{NOWHERE}.git/info/lfs/objects/{'0' * 64}/complete"),
}  # fmt: skip
VIEWS = sorted({pattern.callback.__name__ for pattern in urlpatterns if isinstance(pattern, URLPattern)})
# Retried by clients with growing waits, for minutes: never an answer to what will not change.
RETRIED = {408, 429, 500, 502, 503, 504}


def test_every_view_stands_here():
    assert set(VIEWS) <= set(ROUTES)


def form_check(answer) -> None:
    assert 400 <= answer.status_code < 600
    assert answer.status_code not in RETRIED
    message = answer.headers["X-Error-Message"]
    assert message
    assert all(" " <= character <= "~" for character in message)
    assert answer.headers["X-Request-Id"]
    assert answer.headers["Content-Type"].startswith("application/")
    assert answer.json()["error"]
    if answer.status_code == 401:
        assert answer.headers["WWW-Authenticate"].startswith("Bearer")


@pytest.mark.parametrize("name", VIEWS)
def test_an_error_says_so_in_headers_and_body(db, alice, charlie, as_, anonymous, name):
    method, path = ROUTES[name]
    for client in (anonymous, as_(charlie)):
        answer = client.send(method, path, {} if method in ("POST", "PUT", "DELETE") else None)
        if answer.status_code == 200:  # known to everybody who is signed in
            assert name in ("whoami", "repositories")
            continue
        form_check(answer)


@pytest.mark.parametrize("name", VIEWS)
def test_a_wrong_method_and_a_bad_token_keep_the_form(db, name):
    _, path = ROUTES[name]
    answer = DjangoClient().generic("TRACE", path)
    form_check(answer)
    assert answer.status_code == 405
    bad = DjangoClient(headers={"authorization": "Bearer hub_nonsense"}).generic(*ROUTES[name])
    if bad.status_code != 405:
        form_check(bad)
        assert bad.status_code == 401
        assert bad.headers["X-Error-Message"] == "Invalid credentials in Authorization header"


@pytest.mark.parametrize(
    ("path", "status", "code", "has_commit"),
    [
        ("/api/models/alice/none", 404, "RepoNotFound", False), ("/api/models/alice/thing/revision/none", 404, "RevisionNotFound", False),
        ("/api/models/alice/thing/tree/main/none", 404, "EntryNotFound", True), ("/alice/thing/resolve/main/none", 404, "EntryNotFound", True),
        ("/alice/thing/resolve/none/a.txt", 404, "RevisionNotFound", False), ("/alice/none/resolve/main/a.txt", 404, "RepoNotFound", False),
        ("/alice/thing/raw/main/none", 404, "EntryNotFound", True), ("/api/models/alice/thing/discussions", 501, "NotImplemented", False),
        ("/api/models/alice/thing/commits/none", 404, "RevisionNotFound", False), ("/api/collections", 501, "NotImplemented", False),
    ],
)  # fmt: skip
def test_the_code_names_what_is_missing(alice, as_, path, status, code, has_commit):
    repo = make_repo(alice, "thing", files={"a.txt": "1"})
    answer = as_(alice).get(path)
    assert (answer.status_code, answer.headers["X-Error-Code"]) == (status, code)
    assert (answer.headers.get("X-Repo-Commit") == repo.head) == has_commit


def test_head_carries_the_same_headers(alice, as_):
    make_repo(alice, "thing", files={"a.txt": "1"})
    client = as_(alice)
    for path in ("/alice/thing/resolve/main/none", "/alice/none/resolve/main/a.txt"):
        got, head = client.get(path), client.head(path)
        assert head.content == b""
        for name in ("X-Error-Code", "X-Error-Message", "X-Repo-Commit"):
            assert head.headers.get(name) == got.headers.get(name)


def test_what_is_served_says_how_long_it_may_be_kept(alice, anonymous):
    repo = make_repo(alice, "thing", files={"a.txt": "1"})
    assert anonymous.head("/alice/thing/resolve/main/a.txt").headers["Cache-Control"] == "no-cache"
    fixed = anonymous.head(f"/alice/thing/resolve/{repo.head}/a.txt").headers
    assert fixed["Cache-Control"] == "public, max-age=31536000, immutable"
    assert {"ETag", "X-Repo-Commit", "Content-Length", "Accept-Ranges", "Content-Disposition"} <= set(fixed)
    assert not {name for name in fixed if name.lower().startswith("x-xet")}

"""Downloading: headers, ranges, caching, and what a browser is told about files of strangers."""

import hashlib

import pytest

from hub.catalog.services import branch_create, tag_create
from tests.factories.catalog import make_commit, make_repo, weights
from tests.hub.hfapi.client import body

CONTENT = weights(tensors={"w": (50, 10)})
SHA256 = hashlib.sha256(CONTENT).hexdigest()
URL = "/alice/thing/resolve/main/model.safetensors"


@pytest.fixture
def repo(alice):
    return make_repo(
        alice,
        "thing",
        files={
            "model.safetensors": CONTENT,
            "sub/config.json": "{}",
            "empty": "",
            "page.html": "<script>",
            "pic.png": "x",
        },
    )


def test_an_lfs_file_is_known_by_its_sha256(repo, anonymous):
    answer = anonymous.get(URL)
    assert body(answer) == CONTENT
    expected = {
        "ETag": f'"{SHA256}"', "X-Linked-Etag": f'"{SHA256}"', "X-Linked-Size": str(len(CONTENT)), "X-Repo-Commit": repo.head,
        "Content-Length": str(len(CONTENT)), "Accept-Ranges": "bytes", "Cache-Control": "no-cache",
    }  # fmt: skip
    assert {name: answer.headers[name] for name in expected} == expected
    assert not any(name.lower().startswith("x-xet") for name in answer.headers)


def test_a_regular_file_is_known_by_its_git_id(repo, anonymous):
    answer = anonymous.get("/alice/thing/resolve/main/sub/config.json")
    assert answer.headers["ETag"] == '"' + hashlib.sha1(b"blob 2\0{}").hexdigest() + '"'
    assert "X-Linked-Etag" not in answer.headers


def test_head_says_the_same_without_the_bytes(repo, anonymous):
    head, whole = anonymous.head(URL), anonymous.get(URL)
    assert body(head) == b""
    for name in ("ETag", "Content-Length", "X-Repo-Commit", "X-Linked-Size", "Accept-Ranges"):
        assert head.headers[name] == whole.headers[name]


@pytest.mark.parametrize(
    ("asked", "start", "end"),
    [
        ("bytes=0-0", 0, 1),
        ("bytes=3-9", 3, 10),
        ("bytes=100-", 100, None),
        ("bytes=-7", -7, None),
        ("bytes=5-999999", 5, None),
    ],
)
def test_ranges(repo, anonymous, asked, start, end):
    answer = anonymous.get(URL, headers={"range": asked})
    wanted = CONTENT[start:end]
    assert (answer.status_code, body(answer), answer.headers["Content-Length"]) == (206, wanted, str(len(wanted)))
    first = start % len(CONTENT)
    assert answer.headers["Content-Range"] == f"bytes {first}-{first + len(wanted) - 1}/{len(CONTENT)}"


@pytest.mark.parametrize("asked", ["bytes=999999-", "bytes=-0", f"bytes={10**30}-"])
def test_ranges_beyond_the_end(repo, anonymous, asked):
    answer = anonymous.get(URL, headers={"range": asked})
    assert (answer.status_code, answer.headers["Content-Range"]) == (416, f"bytes */{len(CONTENT)}")


@pytest.mark.parametrize("asked", ["bytes=9-3", "bytes=a-b", "bytes=-", "bytes=0-1,3-4", "items=0-1", ""])
def test_what_is_no_range_gets_the_whole(repo, anonymous, asked):
    answer = anonymous.get(URL, headers={"range": asked})
    assert (answer.status_code, body(answer)) == (200, CONTENT)


def test_a_range_of_another_version_gets_the_whole(repo, anonymous):
    assert anonymous.get(URL, headers={"range": "bytes=0-1", "if-range": '"old"'}).status_code == 200
    assert anonymous.get(URL, headers={"range": "bytes=0-1", "if-range": f'"{SHA256}"'}).status_code == 206


def test_an_empty_file_has_no_ranges(repo, anonymous):
    answer = anonymous.get("/alice/thing/resolve/main/empty", headers={"range": "bytes=0-5"})
    assert (answer.status_code, body(answer), answer.headers["Content-Length"]) == (200, b"", "0")


@pytest.mark.parametrize("asked", [f'"{SHA256}"', f'W/"{SHA256}"', f'"other", "{SHA256}"', "*"])
def test_what_one_has_already_is_not_sent_again(repo, anonymous, asked):
    answer = anonymous.get(URL, headers={"if-none-match": asked})
    assert (answer.status_code, body(answer), answer.headers["X-Repo-Commit"]) == (304, b"", repo.head)


def test_a_hash_is_cached_for_ever_and_a_branch_not(repo, anonymous, alice, as_):
    path = f"/alice/thing/resolve/{repo.head}/model.safetensors"
    assert anonymous.get(path).headers["Cache-Control"] == "public, max-age=31536000, immutable"
    private = make_repo(alice, "closed", files={"a": "1"}, visibility="private")
    answer = as_(alice).get(f"/alice/closed/resolve/{private.head}/a")
    assert answer.headers["Cache-Control"].startswith("private")
    assert "Authorization" in answer.headers["Vary"]


@pytest.mark.parametrize("path", ["page.html", "model.safetensors", "sub/config.json", "pic.png"])
def test_a_browser_runs_nothing_of_it(repo, anonymous, path):
    answer = anonymous.get(f"/alice/thing/resolve/main/{path}")
    assert answer.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert "html" not in answer.headers["Content-Type"]


def test_a_name_cannot_break_out_of_its_header(alice, anonymous):
    make_repo(alice, "odd", files={'a";x="b.txt': "1", "ü ö.txt": "2"})
    answer = anonymous.get("/alice/odd/resolve/main/a%22;x=%22b.txt")
    assert answer.headers["Content-Disposition"] == "attachment; filename*=UTF-8''a%22%3Bx%3D%22b.txt"
    assert body(anonymous.get("/alice/odd/resolve/main/%C3%BC%20%C3%B6.txt")) == b"2"


@pytest.mark.parametrize("raw_uri", [True, False])
def test_revisions_with_slashes(repo, alice, anonymous, raw_uri):
    """Encoded as clients send it, with and without a server that keeps the address as it came."""
    branch_create(repo=repo, name="feature/x")
    make_commit(repo, alice, {"sub/new.txt": "new"}, branch="feature/x")
    tag_create(repo=repo, name="v/1", revision="feature/x")
    for revision in ("feature%2Fx", "v%2F1", "refs%2Fheads%2Ffeature%2Fx"):
        path = f"/alice/thing/resolve/{revision}/sub/new.txt"
        assert body(anonymous.get(path, **({"RAW_URI": path} if raw_uri else {}))) == b"new", revision
    assert body(anonymous.get("/alice/thing/resolve/feature/x/sub/new.txt")) == b"new"


def test_a_raw_address_that_says_something_else_is_not_believed(repo, anonymous, alice):
    make_repo(alice, "closed", files={"a": "secret"}, visibility="private")
    answer = anonymous.get("/alice/thing/resolve/main/sub/config.json", RAW_URI="/alice/closed/resolve/main/a")
    assert body(answer) == b"{}"


@pytest.mark.parametrize(
    "path", ["nope", "sub", "../alice/thing", "sub/../model.safetensors", "%2e%2e/x", "sub//config.json", "x" * 5000]
)
def test_what_is_no_file_is_missing_at_a_known_commit(repo, anonymous, path):
    answer = anonymous.get(f"/alice/thing/resolve/main/{path}")
    assert (answer.status_code, answer.headers["X-Error-Code"], answer.headers["X-Repo-Commit"]) == (
        404,
        "EntryNotFound",
        repo.head,
    )


def test_a_nul_is_a_bad_request(repo, anonymous):
    assert anonymous.get("/alice/thing/resolve/main/a%00b").status_code == 400
    assert anonymous.get("/api/models?search=a%00b").status_code == 400


@pytest.mark.parametrize(("path", "code"), [("/alice/thing/resolve/nope/a", "RevisionNotFound"), ("/alice/nope/resolve/main/a", "RepoNotFound"),
                                            ("/bert/resolve/main/config.json", "RepoNotFound")])  # fmt: skip
def test_says_which_of_the_three_is_missing(repo, as_, alice, path, code):
    answer = as_(alice).get(path)
    assert (answer.status_code, answer.headers["X-Error-Code"]) == (404, code)


def test_an_older_commit_has_the_older_content(repo, alice, anonymous):
    before = repo.head
    make_commit(repo, alice, {"sub/config.json": '{"a": 1}', "later": "x"})
    assert body(anonymous.get(f"/alice/thing/resolve/{before}/sub/config.json")) == b"{}"
    assert anonymous.get(f"/alice/thing/resolve/{before}/later").status_code == 404
    assert body(anonymous.get(f"/alice/thing/resolve/{before[:8]}/sub/config.json")) == b"{}"


def test_raw_gives_what_git_holds(repo, anonymous):
    pointer = body(anonymous.get("/alice/thing/raw/main/model.safetensors"))
    assert pointer.decode() == f"version https://git-lfs.github.com/spec/v1\noid sha256:{SHA256}\nsize {len(CONTENT)}\n"
    assert body(anonymous.get("/alice/thing/raw/main/sub/config.json")) == b"{}"


def test_the_proxy_is_told_where_the_bytes_are(repo, anonymous, settings):
    settings.USE_X_ACCEL = True
    answer = anonymous.get(URL, headers={"range": "bytes=0-1"})
    assert answer.content == b""
    assert answer.headers["X-Accel-Redirect"] == f"/_blobs/sha256/{SHA256[:2]}/{SHA256[2:4]}/{SHA256}"
    assert answer.headers["ETag"] == f'"{SHA256}"'
    assert answer.headers["X-Repo-Commit"] == repo.head


def test_the_proxy_is_told_nothing_of_a_private_repo(alice, anonymous, settings):
    settings.USE_X_ACCEL = True
    make_repo(alice, "closed", files={"a": "1"}, visibility="private")
    assert "X-Accel-Redirect" not in anonymous.get("/alice/closed/resolve/main/a").headers


def test_a_load_counts_once(alice, anonymous):
    repo = make_repo(alice, "model", files={"config.json": "{}", "model.safetensors": weights()})
    for name in ("config.json", "model.safetensors"):
        anonymous.head(f"/alice/model/resolve/main/{name}")
        anonymous.get(f"/alice/model/resolve/main/{name}")
    anonymous.get("/alice/model/resolve/main/config.json", headers={"range": "bytes=1-"})
    repo.refresh_from_db()
    assert repo.downloads == 1


def test_lost_bytes_are_503(repo, anonymous):
    from hub.blobs.services import driver

    driver().delete(SHA256)
    assert anonymous.get(URL).status_code == 503

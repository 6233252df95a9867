"""The commit route: lines, caps, all or nothing."""

import base64
import json

import pytest

from hub.catalog.models import Commit, Repo
from hub.catalog.selectors import blobs_usable_by, commit_resolve, entries_of
from tests.factories.catalog import add, make_blob, make_commit, make_repo, weights
from tests.hub.hfapi.client import body, file_line, lfs_line

URL = "/api/models/alice/thing/commit/main"


@pytest.fixture
def repo(alice):
    return make_repo(alice, "thing", files={"a.txt": "1", "folder/b.txt": "2"})


def paths(repo, revision: str = "main") -> set[str]:
    return {entry.path for entry in entries_of(commit_resolve(repo, revision)) if not entry.is_folder} - {
        ".gitattributes"
    }


def untouched(repo) -> bool:
    return Commit.objects.filter(repo=repo).count() == 2


def test_applies_all_lines_in_one_commit(repo, alice, as_):
    blob = make_blob(alice, weights())
    lines = [
        file_line("new.txt", b"new"), ("file", {"path": "plain.txt", "content": "ü", "encoding": "utf-8"}), lfs_line("model.safetensors", blob.sha256),
        ("deletedFile", {"path": "a.txt"}), ("deletedFolder", {"path": "folder/"}),
    ]  # fmt: skip
    answer = as_(alice).commit("alice/thing", lines, summary="Title", description="Why")
    head = commit_resolve(repo, "main")
    assert answer.json() == {
        "success": True, "commitOid": head.oid, "commitUrl": f"http://testserver/alice/thing/commit/{head.oid}", "hookOutput": "",
    }  # fmt: skip
    assert (head.title, head.message, head.author) == ("Title", "Why", alice)
    assert paths(repo) == {"new.txt", "plain.txt", "model.safetensors"}


def test_copies(repo, alice, as_):
    as_(alice).commit("alice/thing", [("copyFile", {"path": "c.txt", "srcPath": "a.txt", "srcRevision": "main"})])
    assert "c.txt" in paths(repo)


def test_a_moved_parent_is_412(repo, alice, as_):
    parent = repo.head
    make_commit(repo, alice, {"x": "1"})
    assert as_(alice).commit("alice/thing", [file_line("y", b"1")], parentCommit=parent).status_code == 412
    assert paths(repo) == {"a.txt", "folder/b.txt", "x"}


def test_a_repeated_post_answers_with_the_first_commit(repo, alice, as_):
    client, parent = as_(alice), repo.head
    first = client.commit("alice/thing", [file_line("y", b"1")], parentCommit=parent).json()
    assert client.commit("alice/thing", [file_line("y", b"1")], parentCommit=parent).json() == first


@pytest.mark.parametrize("branch", ["nope", "refs%2Fheads%2Fnope", "v1"])
def test_a_commit_goes_to_a_branch(repo, alice, as_, branch):
    answer = as_(alice).commit("alice/thing", [file_line("y", b"1")], branch=branch)
    assert (answer.status_code, answer.headers["X-Error-Code"]) == (404, "RevisionNotFound")


def test_a_missing_file_is_named_so(repo, alice, as_):
    answer = as_(alice).commit("alice/thing", [file_line("y", b"1"), ("deletedFile", {"path": "nope"})])
    assert (answer.status_code, answer.headers["X-Error-Code"]) == (404, "EntryNotFound")
    assert "A file with this name doesn't exist" in answer.json()["error"]
    assert untouched(repo)


BAD_BODIES = {
    "empty": b"",
    "no header": json.dumps({"key": "file", "value": {"path": "y", "content": ""}}).encode(),
    "header twice is no operation": b'{"key":"header","value":{"summary":"s"}}\n{"key":"header","value":{"summary":"s"}}',
    "no summary": b'{"key":"header","value":{}}',
    "unknown key": b'{"key":"header","value":{"summary":"s"}}\n{"key":"chmod","value":{"path":"a.txt"}}',
    "cut inside a line": b'{"key":"header","value":{"summary":"s"}}\n{"key":"file","value":{"path":"y","cont',
    "not an object": b'{"key":"header","value":{"summary":"s"}}\n[1]',
    "not json": b"\xff\xfe",
    "deep": b'{"key":"header","value":{"summary":"s"}}\n' + b"[" * 100_000,
    "bad base64": b'{"key":"header","value":{"summary":"s"}}\n{"key":"file","value":{"path":"y","content":"*","encoding":"base64"}}',
    "content of another type": b'{"key":"header","value":{"summary":"s"}}\n{"key":"file","value":{"path":"y","content":5}}',
    "half a character": b'{"key":"header","value":{"summary":"s"}}\n{"key":"file","value":{"path":"y","content":"\\ud800"}}',
    "half a character in a place to copy from": b'{"key":"header","value":{"summary":"s"}}\n{"key":"copyFile","value":{"path":"y","srcPath":"\\ud800"}}',
    "half a character as a parent": b'{"key":"header","value":{"summary":"s","parentCommit":"\\ud800"}}\n{"key":"file","value":{"path":"y","content":""}}',
    "path of another type": b'{"key":"header","value":{"summary":"s"}}\n{"key":"deletedFile","value":{"path":["a.txt"]}}',
    "nul in a path": b'{"key":"header","value":{"summary":"s"}}\n{"key":"deletedFile","value":{"path":"a\\u0000"}}',
}


@pytest.mark.parametrize("name", BAD_BODIES)
def test_refuses_a_bad_body_as_a_whole(repo, alice, as_, name):
    answer = as_(alice).raw("POST", URL, BAD_BODIES[name], content_type="application/x-ndjson")
    assert answer.status_code == 400, answer.content
    assert answer.json()["error"] == answer.headers["X-Error-Message"]
    assert untouched(repo)


def test_a_body_that_ends_between_two_lines_is_refused(repo, alice, as_):
    """The length says that more was to come: what is missing could be a deletion or half the weights."""
    lines = [{"key": "header", "value": {"summary": "s"}}, {"key": "file", "value": {"path": "y", "content": ""}}]
    content = b"".join(json.dumps(line).encode() + b"\n" for line in lines)
    answer = as_(alice).raw(
        "POST", URL, content, content_type="application/x-ndjson", CONTENT_LENGTH=str(len(content) + 500)
    )
    assert answer.status_code == 400
    assert untouched(repo)


def test_a_body_needs_a_length(repo, alice, as_):
    answer = as_(alice).raw(
        "POST", URL, b"x", content_type="application/x-ndjson", CONTENT_LENGTH="", HTTP_TRANSFER_ENCODING="chunked"
    )
    assert answer.status_code == 411


def test_caps(repo, alice, as_, monkeypatch):
    client = as_(alice)
    for name, value in (("BODY_BYTES", 100), ("LINE_BYTES", 100), ("LINES_MAX", 1)):
        with monkeypatch.context() as patch:
            patch.setattr(f"hub.hfapi.commit_lines.{name}", value)
            assert client.commit("alice/thing", [file_line("y", b"x" * 200)]).status_code == 413, name
    assert untouched(repo)


@pytest.mark.parametrize(
    "path",
    ["../x", "/x", "a/../../x", ".git/config", "a/.GIT/x", "a//b", "./x", "", "a\\b", "a\tb", "x" * 300, "a.pkl"],
)
def test_refuses_names(repo, alice, as_, path):
    answer = as_(alice).commit("alice/thing", [file_line("good", b"1"), file_line(path, b"1")])
    assert answer.status_code == 422
    assert answer.json()["findings"][0]["severity"] == "error"
    assert untouched(repo)


def test_an_unknown_hash_is_refused(repo, alice, as_):
    assert as_(alice).commit("alice/thing", [lfs_line("model.safetensors", "0" * 64)]).status_code == 422
    assert untouched(repo)


def test_somebody_elses_hash_is_refused_as_an_unknown_one(repo, alice, charlie, as_):
    private = make_repo(charlie, "secret", files={"model.safetensors": weights(fill=5)}, visibility="private")
    known = next(entry.sha256 for entry in entries_of(commit_resolve(private, "main")) if entry.is_lfs)
    answers = [
        as_(alice).commit("alice/thing", [lfs_line("model.safetensors", oid)]).json() for oid in (known, "0" * 64)
    ]
    assert answers[0] == answers[1]
    assert untouched(repo)


def test_a_size_that_is_not_that_of_the_object_is_refused(repo, alice, as_):
    blob = add(alice, "model.safetensors", weights()).blob
    assert as_(alice).commit("alice/thing", [lfs_line("model.safetensors", blob.sha256, 5)]).status_code == 400


def test_pull_requests_never_become_commits(repo, alice, as_):
    client = as_(alice)
    content = base64.b64encode(b"x").decode()
    document = {"files": [{"path": "a", "sample": content, "size": 1}]}
    assert client.raw("POST", f"{URL}?create_pr=1", b"", content_type="application/x-ndjson").status_code == 501
    assert client.post("/api/models/alice/thing/preupload/main?create_pr=True", document).status_code == 501
    assert untouched(repo)


def test_everything_that_is_wrong_is_said_at_once(repo, alice, as_):
    lines = [
        file_line("good", b"1"),
        file_line("../x", b"1"),
        file_line("a.pkl", b"1"),
        lfs_line("b.safetensors", "0" * 64),
        lfs_line("c.safetensors", "1" * 64),
    ]
    answer = as_(alice).commit("alice/thing", lines)
    assert answer.status_code == 422
    assert [finding["where"] for finding in answer.json()["findings"]] == [
        "../x",
        "a.pkl",
        "b.safetensors",
        "c.safetensors",
    ]
    assert untouched(repo)


def test_many_large_files_are_proved_in_few_queries(repo, alice, charlie, as_, django_assert_max_num_queries):
    make_repo(charlie, "open", files={f"old/{number}.safetensors": weights(fill=number) for number in range(3)})
    shared = [
        entry.sha256
        for entry in entries_of(commit_resolve(Repo.objects.get(full_name="charlie/open"), "main"))
        if entry.is_lfs
    ]
    delete = as_(charlie).commit("charlie/open", [("deletedFolder", {"path": "old"})])
    assert delete.status_code == 200
    mine = [add(alice, "x.safetensors", weights(fill=number)).blob.sha256 for number in range(10, 40)]
    with django_assert_max_num_queries(6):
        found = blobs_usable_by(alice, [*mine, *shared, "0" * 64, "nonsense"])
    assert set(found) == {*mine, *shared}
    assert blobs_usable_by(None, mine) == {}


def test_an_encoding_nobody_knows_is_refused(repo, alice, as_):
    line = ("file", {"path": "y", "content": "x", "encoding": "rot13"})
    assert as_(alice).commit("alice/thing", [line]).status_code == 400
    assert untouched(repo)


def test_many_small_files_keep_their_order_and_content(repo, alice, as_, monkeypatch):
    monkeypatch.setattr("hub.hfapi.commit_lines._TOGETHER", 3)
    lines = [file_line(f"n/{number}.txt", str(number % 4).encode()) for number in range(10)]
    lines.insert(5, ("deletedFile", {"path": "n/1.txt"}))
    lines.append(file_line("n/9.txt", b"last"))
    client = as_(alice)
    assert client.commit("alice/thing", lines).status_code == 200
    found = {number: client.get(f"/alice/thing/resolve/main/n/{number}.txt") for number in (0, 1, 7, 9)}
    assert {number: body(answer) for number, answer in found.items() if answer.status_code == 200} == {
        0: b"0",
        7: b"3",
        9: b"last",
    }
    assert found[1].status_code == 404

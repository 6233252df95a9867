"""Files, refs and history on the wire."""

import pytest

from hub.catalog.models import Ref
from hub.catalog.operations import AddFile
from hub.catalog.services import commit_create
from tests.factories.catalog import add, make_blob, make_commit, make_repo, weights
from tests.hub.hfapi.client import Client

BASE = "/api/models/alice/thing"


@pytest.fixture
def repo(alice):
    return make_repo(alice, "thing", files={"a.txt": "1", "sub/deep/b.txt": "22", "sub/model.safetensors": weights()})


def follow(client: Client, path: str) -> list[dict]:
    rows = []
    while path:
        answer = client.get(path)
        assert answer.status_code == 200, answer.content
        rows += answer.json()
        path = answer.headers.get("Link", "").partition("<http://testserver")[2].partition(">")[0]
    return rows


def test_one_level_or_all(repo, anonymous):
    assert [row["path"] for row in anonymous.get(f"{BASE}/tree/main").json()] == [".gitattributes", "a.txt", "sub"]
    everything = anonymous.get(f"{BASE}/tree/main?recursive=True").json()
    assert [row["path"] for row in everything] == [
        ".gitattributes",
        "a.txt",
        "sub",
        "sub/deep",
        "sub/deep/b.txt",
        "sub/model.safetensors",
    ]
    for path in ("sub", "sub/"):
        assert [row["path"] for row in anonymous.get(f"{BASE}/tree/main/{path}").json()] == [
            "sub/deep",
            "sub/model.safetensors",
        ]
    assert [row["path"] for row in anonymous.get(f"{BASE}/tree/main/sub%2Fdeep").json()] == ["sub/deep/b.txt"]


def test_entries_have_the_form_clients_read(repo, anonymous):
    rows = {row["path"]: row for row in anonymous.get(f"{BASE}/tree/main?recursive=true&expand=true").json()}
    lfs = rows["sub/model.safetensors"]
    assert (lfs["type"], lfs["size"], lfs["lfs"]["size"]) == ("file", len(weights()), len(weights()))
    assert lfs["oid"] != lfs["lfs"]["oid"]
    assert (rows["sub"]["type"], rows["sub"]["size"], len(rows["sub"]["oid"])) == ("directory", 0, 40)
    assert rows["sub"]["lastCommit"]["title"] == "Add files"
    assert rows[".gitattributes"]["lastCommit"]["title"] == "Initial commit"


@pytest.mark.parametrize("path", ["nope", "a.txt", "a.txt/b", "../x"])
def test_what_is_no_folder_is_missing(repo, anonymous, path):
    answer = anonymous.get(f"{BASE}/tree/main/{path}")
    assert (answer.status_code, answer.headers["X-Error-Code"], answer.headers["X-Repo-Commit"]) == (
        404,
        "EntryNotFound",
        repo.head,
    )


def test_long_trees_come_in_pages_without_gaps(repo, alice, anonymous):
    blobs = [make_blob(alice, str(number)) for number in range(7)]
    operations = [AddFile(f"many/file-{number:04d}", blobs[number % 7], is_lfs=False) for number in range(1050)]
    commit_create(repo=repo, branch="main", user=alice, operations=operations, title="Many")
    first = anonymous.get(f"{BASE}/tree/main?recursive=true")
    assert len(first.json()) == 1000
    paths = [row["path"] for row in follow(anonymous, f"{BASE}/tree/main?recursive=true")]
    assert len(paths) == len(set(paths)) == 1057
    assert paths == sorted(paths)
    assert len(follow(anonymous, f"{BASE}/tree/main?recursive=true&limit=400")) == 1057


def test_a_cursor_of_another_tree_is_refused(repo, anonymous):
    link = anonymous.get(f"{BASE}/tree/main?limit=1").headers["Link"]
    cursor = link.partition("cursor=")[2].partition(">")[0]
    assert anonymous.get(f"{BASE}/tree/main/sub?cursor={cursor}").status_code == 400


@pytest.mark.parametrize("form", [True, False])
def test_some_paths(repo, anonymous, form):
    if form:
        answer = anonymous.raw(
            "POST",
            f"{BASE}/paths-info/main",
            b"paths=a.txt&paths=sub&paths=nope&expand=True",
            content_type="application/x-www-form-urlencoded",
        )
    else:
        answer = anonymous.post(f"{BASE}/paths-info/main", {"paths": ["a.txt", "sub", "nope"], "expand": True})
    assert [(row["path"], row["lastCommit"]["title"]) for row in answer.json()] == [
        ("a.txt", "Add files"),
        ("sub", "Add files"),
    ]


def test_many_paths_cost_no_more_questions_than_few(repo, anonymous, django_assert_max_num_queries):
    with django_assert_max_num_queries(10):
        answer = anonymous.post(
            f"{BASE}/paths-info/main", {"paths": ["sub/deep/b.txt", "sub/a.txt/x", *(f"sub/{n}" for n in range(500))]}
        )
    assert [row["path"] for row in answer.json()] == ["sub/deep/b.txt"]


@pytest.mark.parametrize("document", [{"paths": ["\ud800"]}, {"paths": ["a\0"]}])
def test_paths_that_nothing_can_have_are_refused(repo, anonymous, document):
    assert anonymous.post(f"{BASE}/paths-info/main", document).status_code == 400


def test_an_empty_list_of_options_is_no_option(repo, anonymous):
    assert anonymous.post(f"{BASE}/paths-info/main", {"paths": ["a.txt"], "expand": []}).status_code == 200


def test_a_body_without_a_length_is_not_taken_for_an_empty_one(repo, alice, as_):
    answer = as_(alice).raw("POST", f"{BASE}/branch/next", b"", CONTENT_LENGTH="", HTTP_TRANSFER_ENCODING="chunked")
    assert answer.status_code == 411
    assert not Ref.objects.filter(name="next").exists()


def test_history_is_newest_first_in_pages(repo, alice, anonymous):
    for number in range(3):
        make_commit(repo, alice, {"a.txt": str(number + 5)}, title=f"Change {number}", message="Why")
    titles = [row["title"] for row in follow(anonymous, f"{BASE}/commits/main?limit=2")]
    assert titles == ["Change 2", "Change 1", "Change 0", "Add files", "Initial commit"]
    answer = anonymous.get(f"{BASE}/commits/main?limit=1&p=1&expand[]=formatted")
    assert answer.headers["X-Total-Count"] == "5"
    assert answer.json()[0]["formatted"] == {"title": "Change 1", "message": "Why"}
    assert answer.json()[0]["authors"] == [{"user": "alice", "avatar": ""}]


def test_branches_and_tags_come_and_go(repo, alice, as_):
    client = as_(alice)
    assert client.post(f"{BASE}/branch/feature%2Fx", {"startingPoint": "main"}).status_code == 201
    assert client.post(f"{BASE}/branch/feature%2Fx").status_code == 409
    assert client.post(f"{BASE}/branch/y", {"startingPoint": "nope"}).headers["X-Error-Code"] == "RevisionNotFound"
    assert client.post(f"{BASE}/tag/feature%2Fx", {"tag": "v1"}).status_code == 201
    assert client.post(f"{BASE}/tag/main", {"tag": "v1"}).status_code == 409
    refs = client.get(f"{BASE}/refs?include_prs=1").json()
    assert [row["ref"] for row in refs["branches"]] == ["refs/heads/feature/x", "refs/heads/main"]
    assert [row["ref"] for row in refs["tags"]] == ["refs/tags/v1"]
    assert (refs["converts"], refs["pullRequests"]) == ([], [])
    assert client.send("DELETE", f"{BASE}/branch/feature%2Fx").status_code == 200
    assert client.send("DELETE", f"{BASE}/branch/feature%2Fx").status_code == 404
    assert client.send("DELETE", f"{BASE}/branch/main").status_code == 403
    assert client.send("DELETE", f"{BASE}/tag/v1").status_code == 200
    assert Ref.objects.filter(repo=repo).count() == 1


def test_preupload_sorts_large_small_ignored_and_present(repo, alice, as_):
    make_commit(repo, alice, {".gitignore": "*.log\nbuild/\n!keep.log\n"})
    files = [("a.txt", 1, b"1"), ("sub/model.safetensors", 5, b"x"), ("notes.txt", 6 * 2**20, b"x"), ("binary", 4, b"a\0b"), ("empty.safetensors", 0, b""),
             ("x.log", 1, b"x"), ("keep.log", 1, b"x"), ("build/x", 1, b"x")]  # fmt: skip
    import base64

    document = {
        "files": [
            {"path": path, "size": size, "sample": base64.b64encode(sample).decode()} for path, size, sample in files
        ]
    }
    answer = as_(alice).post(f"{BASE}/preupload/main", document).json()
    modes = {file["path"]: (file["uploadMode"], file["shouldIgnore"]) for file in answer["files"]}
    assert modes == {
        "a.txt": ("regular", False), "sub/model.safetensors": ("lfs", False), "notes.txt": ("lfs", False), "binary": ("lfs", False),
        "empty.safetensors": ("regular", False), "x.log": ("regular", True), "keep.log": ("regular", False), "build/x": ("regular", True),
    }  # fmt: skip
    oids = {file["path"]: file["oid"] for file in answer["files"]}
    stored = add(alice, "x.safetensors", weights()).blob
    assert (len(oids["a.txt"]), oids["sub/model.safetensors"], oids["binary"]) == (40, stored.sha256, None)


@pytest.mark.parametrize(
    "files",
    [
        None,
        "x",
        [5],
        [{"path": 5, "size": 1}],
        [{"path": "a", "size": "1"}],
        [{"path": "a", "size": 1, "sample": "*"}],
        [{}] * 257,
    ],
)
def test_preupload_refuses_what_is_no_list_of_files(repo, alice, as_, files):
    assert as_(alice).post(f"{BASE}/preupload/main", {"files": files}).status_code == 400


@pytest.mark.parametrize("path", ["../x", "model.pkl", ".git/x"])
def test_preupload_refuses_a_name_before_the_bytes_travel(repo, alice, as_, path):
    answer = as_(alice).post(f"{BASE}/preupload/main", {"files": [{"path": path, "size": 10, "sample": ""}]})
    assert answer.status_code == 422

"""Editing, renaming and deleting files from their pages: one commit each, and nobody's work is overwritten."""

import json

import pytest

from hub.catalog.selectors import commit_resolve, entries_of, entry_get
from hub.pages.cards import text_of
from tests.factories.catalog import make_commit, weights


def head(repo):
    return commit_resolve(repo, "main")


def files(repo) -> set[str]:
    return {entry.path for entry in entries_of(head(repo)) if not entry.is_folder}


def test_a_text_is_edited_in_the_page(browser, alice, zoo):
    client, repo = browser(alice), zoo["open"]
    page = client.get("/alice/open/edit/main/README.md").content.decode()
    assert "Made for a test." in page
    answer = client.post(
        "/alice/open/edit/main/README.md", {"text": "# New\r\n\r\nSaid anew.\r\n", "message": "Say it anew"}
    )
    assert answer.status_code == 302
    assert text_of(entry_get(head(repo), "README.md")) == "# New\n\nSaid anew.\n"
    assert head(repo).title == "Say it anew"


def test_a_new_text_is_written_into_a_folder(browser, alice, zoo):
    make_commit(zoo["open"], alice, {"notes/one.txt": "one"})
    client = browser(alice)
    assert "notes/" in client.get("/alice/open/edit/main/notes").content.decode()
    client.post("/alice/open/edit/main/notes", {"path": "two.txt", "text": "two"})
    assert "notes/two.txt" in files(zoo["open"])
    assert head(zoo["open"]).title == "Add notes/two.txt"


@pytest.mark.parametrize(
    ("path", "words"),
    [("", "Give the file a name."), ("../x", "leaves its folder"), ("model.pkl", "can run code"), ("README.md", "is there already"), ("x.safetensors", "Upload it instead")],
)  # fmt: skip
def test_a_bad_name_is_refused_and_the_text_kept_in_the_form(browser, alice, zoo, path, words):
    before = head(zoo["open"]).oid
    answer = browser(alice).post("/alice/open/edit/main", {"path": path, "text": "what I wrote"})
    assert answer.status_code == 400
    assert words in answer.content.decode()
    assert "what I wrote" in answer.content.decode()
    assert head(zoo["open"]).oid == before


def test_who_committed_meanwhile_is_not_overwritten(browser, alice, zoo):
    stale = head(zoo["open"]).oid
    make_commit(zoo["open"], alice, {"README.md": "somebody else's words"})
    answer = browser(alice).post("/alice/open/edit/main/README.md", {"text": "mine", "parent": stale})
    assert answer.status_code == 412
    assert "somebody committed meanwhile" in answer.content.decode()
    assert text_of(entry_get(head(zoo["open"]), "README.md")) == "somebody else's words"


def test_what_is_not_text_is_not_edited(browser, alice, zoo):
    make_commit(zoo["open"], alice, {"odd.txt": b"caf\xe9"})
    assert browser(alice).get("/alice/open/edit/main/odd.txt").status_code == 400
    assert browser(alice).get("/alice/open/edit/main/model.safetensors").status_code == 400


def test_a_file_and_a_folder_are_renamed_without_new_bytes(browser, alice, zoo):
    repo, client = zoo["open"], browser(alice)
    before = entry_get(head(repo), "model.safetensors").sha256
    client.post("/alice/open/rename/main/model.safetensors", {"path": "weights/model.safetensors"})
    assert entry_get(head(repo), "weights/model.safetensors").sha256 == before
    client.post("/alice/open/rename/main/weights", {"path": "parts"})
    assert "parts/model.safetensors" in files(repo)
    assert "model.safetensors" not in files(repo)
    answer = client.post("/alice/open/rename/main/config.json", {"path": "README.md"})
    assert answer.status_code == 400
    assert "is there already" in answer.content.decode()


def test_a_file_and_a_folder_are_deleted_after_being_asked(browser, alice, zoo):
    repo, client = zoo["open"], browser(alice)
    make_commit(repo, alice, {"notes/one.txt": "one", "notes/two.txt": "two"})
    assert "Delete notes?" in client.get("/alice/open/delete/main/notes").content.decode()
    assert client.post("/alice/open/delete/main/notes/one.txt")["Location"] == "/alice/open/tree/main/notes"
    assert client.post("/alice/open/delete/main/notes")["Location"] == "/alice/open/tree/main"
    assert not [path for path in files(repo) if path.startswith("notes")]


@pytest.mark.parametrize("deed", ["edit", "rename", "delete"])
def test_only_who_may_write_changes_files(browser, charlie, zoo, deed):
    before = head(zoo["open"]).oid
    path = f"/alice/open/{deed}/main/README.md"
    assert browser(charlie).post(path, {"text": "x", "path": "y"}).status_code == 403
    assert browser().post(path, {"text": "x", "path": "y"}).status_code == 302
    assert browser(charlie).get(f"/alice/secret/{deed}/main/README.md").status_code == 404
    assert head(zoo["open"]).oid == before
    page = browser(charlie).get("/alice/open/blob/main/README.md").content.decode()
    assert f"/{deed}/" not in page


def test_a_tag_or_commit_is_not_changed(browser, alice, zoo):
    oid = head(zoo["open"]).oid
    answer = browser(alice).post(f"/alice/open/edit/{oid}/README.md", {"text": "x"})
    assert answer.status_code == 400
    assert "is not a branch" in answer.content.decode()


def check(client, *names, size=10, sample=""):
    body = {"files": [{"path": name, "size": size, "sample": sample} for name in names]}
    return client.post("/alice/open/upload-check/main", json.dumps(body), content_type="application/json")


def test_an_upload_is_checked_before_a_byte_travels(browser, alice, zoo, settings):
    settings.MAX_UPLOAD_BYTES = 1000
    client = browser(alice)
    found = check(client, "fine.txt", "model.pkl", "a/../b", "README.md/inside", "readme.MD").json()["files"]
    assert "fine.txt" not in found
    assert found["model.pkl"][0]["code"] == "pickle_refused"
    assert found["a/../b"][0]["code"] == "path_refused"
    assert found["README.md/inside"][0]["code"] == "file_and_folder"
    assert (found["readme.MD"][0]["code"], found["readme.MD"][0]["severity"]) == ("case_collision", "warning")
    assert check(client, "large.txt", size=1001).json()["files"]["large.txt"][0]["code"] == "too_large"


def test_a_pickle_renamed_is_seen_by_its_first_bytes(browser, alice, zoo):
    import base64
    import pickle

    sample = base64.b64encode(pickle.dumps({"a": 1})).decode()
    assert (
        check(browser(alice), "model.safetensors", sample=sample).json()["files"]["model.safetensors"][0]["code"]
        == "pickle_refused"
    )
    good = base64.b64encode(weights()[:256]).decode()
    assert check(browser(alice), "model.safetensors", size=len(weights()), sample=good).json()["files"] == {}


def test_a_check_is_for_who_may_write(browser, charlie, zoo):
    assert check(browser(charlie), "x.txt").status_code == 403
    assert check(browser(), "x.txt").status_code == 401


@pytest.mark.parametrize(
    "body",
    ["", "[]", '{"files": [{"path": "x"}]}', '{"files": 3}', '{"files": [{"path": "x", "size": "y", "sample": ""}]}'],
)
def test_a_list_that_cannot_be_read_is_refused(browser, alice, zoo, body):
    answer = browser(alice).post("/alice/open/upload-check/main", body, content_type="application/json")
    assert answer.status_code == 400


def test_the_files_tab_offers_upload_to_who_may_write_a_branch(browser, alice, charlie, zoo):
    mine = browser(alice).get("/alice/open/tree/main").content.decode()
    assert 'data-api="/api/models/alice/open"' in mine
    assert 'data-check="/alice/open/upload-check/main"' in mine
    assert 'data-tree="/alice/open/tree"' in mine
    assert "data-upload" not in browser(charlie).get("/alice/open/tree/main").content.decode()
    at_commit = browser(alice).get(f"/alice/open/tree/{head(zoo['open']).oid}").content.decode()
    assert "data-upload" not in at_commit
    assert "is not a branch" in at_commit


def test_an_upload_without_room_is_refused_with_the_figures(browser, alice, zoo, settings):
    settings.QUOTA_BYTES = 5_000
    found = check(browser(alice), "large.txt", size=4_900).json()["files"]["large.txt"]
    assert found[0]["code"] == "quota_exceeded"
    assert "5.0 kB" in found[0]["message"]
    assert check(browser(alice), "small.txt", size=10).json()["files"] == {}

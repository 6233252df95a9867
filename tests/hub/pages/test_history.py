"""History, one commit, two revisions beside each other; branches and tags."""

import pytest

from hub.catalog.changes import changes_between
from hub.catalog.models import Commit, Ref
from hub.catalog.selectors import commit_resolve
from hub.catalog.services import branch_create
from hub.pages.diffs.texts import text_diff
from tests.factories.catalog import make_commit, make_model, make_repo, weights


@pytest.fixture
def repo(alice):
    return make_model(alice, "open")


def shown(page: str) -> str:
    return page.replace("&#x27;", "'")


def test_changes_tell_added_removed_changed_and_renamed(alice):
    repo = make_repo(
        alice, "files", files={"a/same.txt": "same", "a/old.txt": "moved content", "b/gone.txt": "gone", "c.txt": "one"}
    )
    before = commit_resolve(repo, "main")
    from hub.catalog.operations import CopyFile, DeleteFile, DeleteFolder
    from hub.catalog.services import commit_create
    from tests.factories.catalog import add

    operations = [
        CopyFile("a/old.txt", "main", "z/new.txt"),
        DeleteFile("a/old.txt"),
        DeleteFolder("b"),
        add(alice, "c.txt", "two"),
        add(alice, "d.txt", "new"),
    ]
    after = commit_create(repo=repo, branch="main", user=alice, operations=operations, title="Change")
    found = [(change.kind, change.path, change.old_path) for change in changes_between(before, after)]
    assert found == [
        ("removed", "b/gone.txt", ""),
        ("changed", "c.txt", ""),
        ("added", "d.txt", ""),
        ("renamed", "z/new.txt", "a/old.txt"),
    ]


def test_a_file_that_becomes_a_folder_is_both(alice):
    repo = make_repo(alice, "files", files={"x": "file"})
    before = commit_resolve(repo, "main")
    from hub.catalog.operations import DeleteFile
    from hub.catalog.services import commit_create
    from tests.factories.catalog import add

    after = commit_create(
        repo=repo, branch="main", user=alice, operations=[DeleteFile("x"), add(alice, "x/y", "inside")], title="Change"
    )
    assert [(change.kind, change.path) for change in changes_between(before, after)] == [
        ("removed", "x"),
        ("added", "x/y"),
    ]


def test_lines_carry_the_numbers_of_both_sides():
    before = "\n".join(f"line {n}" for n in range(1, 21))
    after = before.replace("line 10", "line ten").replace("line 15\n", "")
    diff = text_diff(before, after)
    assert (diff.added, diff.removed) == (1, 2)
    kinds = [(line.kind, line.old, line.new) for line in diff.lines]
    assert ("removed", 10, None) in kinds
    assert ("added", None, 10) in kinds
    assert ("removed", 15, None) in kinds
    assert ("same", 16, 15) in kinds
    assert [line.text for line in diff.lines if line.kind == "gap"] == ["6 unchanged lines", "2 unchanged lines"]


def test_tangled_texts_are_one_block_out_and_one_in():
    before, after = "\n".join(f"a{n}" for n in range(900)), "\n".join(f"b{n}" for n in range(900))
    diff = text_diff(before, after)
    assert (diff.added, diff.removed, diff.is_cut) == (900, 900, False)
    assert text_diff("", "\n" * 5000).is_cut


def test_the_history_leads_to_each_commit_in_pages(browser, alice, repo, monkeypatch):
    monkeypatch.setattr("hub.pages.views.history.COMMITS_SHOWN", 2)
    oids = [make_commit(repo, alice, {"notes.txt": str(n)}, title=f"Note {n}").oid for n in range(4)]
    first = browser(alice).get("/alice/open/commits").content.decode()
    assert f"/alice/open/commit/{oids[-1]}" in first
    assert f"/alice/open/commit/{oids[0]}" not in first
    second = browser(alice).get("/alice/open/commits?page=2").content.decode()
    assert f"/alice/open/commit/{oids[1]}" in second


def test_a_commit_shows_lines_tensors_sizes(browser, alice, repo):
    new = {
        "README.md": "# Open\n\nOther words.\n",
        "model.safetensors": weights(tensors={"layer.weight": (4, 3), "extra": (2,)}),
        "data.bin.txt": b"\0\1",
    }
    made = make_commit(repo, alice, new, title="Change all")
    page = browser(alice).get(f"/alice/open/commit/{made.oid}").content.decode()
    assert "Other words." in page
    assert "F32 4 × 2" in page
    assert "F32 4 × 3" in page
    assert "extra" in page
    assert "1 added, 1 removed, 1 changed" in page
    assert "layer.bias" in page
    assert "sha256" in page


def test_weights_of_one_shape_are_said_to_differ_in_values(browser, alice, repo):
    made = make_commit(repo, alice, {"model.safetensors": weights(fill=9)})
    assert "their values differ" in browser(alice).get(f"/alice/open/commit/{made.oid}").content.decode()


def test_the_first_commit_has_no_parent_and_an_unknown_one_is_not_there(browser, alice, repo):
    first = Commit.objects.get(repo=repo, parent=None)
    assert "the first one" in browser().get(f"/alice/open/commit/{first.oid}").content.decode()
    assert browser().get(f"/alice/open/commit/{'0' * 40}").status_code == 404


def test_what_a_file_says_is_text_in_a_diff_too(browser, alice, repo):
    made = make_commit(repo, alice, {"README.md": "<script>alert(1)</script>\n"})
    page = browser(alice).get(f"/alice/open/commit/{made.oid}").content.decode()
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert" in page


def test_two_revisions_are_compared(browser, alice, repo):
    branch_create(repo=repo, name="try/it")
    make_commit(repo, alice, {"notes.txt": "only here"}, branch="try/it")
    page = browser(alice).get("/alice/open/compare?head=try/it").content.decode()
    assert "only here" in page
    assert "No file differs." in browser(alice).get("/alice/open/compare").content.decode()
    assert browser(alice).get("/alice/open/compare?head=nothing").status_code == 404


def test_branches_and_tags_are_made_and_deleted(browser, alice, repo):
    client = browser(alice)
    client.post("/alice/open/branches/create", {"kind": "branch", "ref": "next"})
    client.post("/alice/open/branches/create", {"kind": "tag", "ref": "v1", "start": "next"})
    assert set(Ref.objects.filter(repo=repo).values_list("kind", "name")) == {
        ("branch", "main"),
        ("branch", "next"),
        ("tag", "v1"),
    }
    page = client.get("/alice/open/branches").content.decode()
    assert "default" in page
    assert "compare?head=next" in page
    client.post("/alice/open/branches/delete", {"kind": "branch", "ref": "next"})
    client.post("/alice/open/branches/delete", {"kind": "tag", "ref": "v1"})
    assert Ref.objects.filter(repo=repo).count() == 1


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ({"ref": "a b"}, "cannot be the name"),
        ({"ref": "main"}, "already"),
        ({"ref": "x", "start": "nowhere"}, "no revision"),
    ],
)
def test_a_bad_branch_is_refused_with_the_form_as_it_was(browser, alice, repo, data, words):
    answer = browser(alice).post("/alice/open/branches/create", {"kind": "branch", **data})
    assert answer.status_code >= 400
    assert words in shown(answer.content.decode())
    assert f'value="{data["ref"]}"' in answer.content.decode()


def test_the_default_branch_stays(browser, alice, repo):
    assert browser(alice).post("/alice/open/branches/delete", {"kind": "branch", "ref": "main"}).status_code == 403
    assert Ref.objects.filter(repo=repo, name="main").exists()


def test_strangers_look_and_change_nothing(browser, charlie, repo):
    assert browser(charlie).get("/alice/open/branches").status_code == 200
    assert "New branch" not in browser(charlie).get("/alice/open/branches").content.decode()
    assert browser(charlie).post("/alice/open/branches/create", {"kind": "branch", "ref": "x"}).status_code == 403
    assert browser().post("/alice/open/branches/create", {"kind": "branch", "ref": "x"}).status_code == 302
    assert Ref.objects.filter(repo=repo).count() == 1

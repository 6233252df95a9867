"""`commit_create`: what lands, what is refused, and that refusals leave nothing."""

import pytest

from hub.catalog.errors import EntryMissing, RevisionMissing
from hub.catalog.models import Commit, HeadEntry
from hub.catalog.operations import AddFile, CopyFile, DeleteFile, DeleteFolder
from hub.catalog.selectors import commit_resolve, entries_of, facts_of
from hub.catalog.services import branch_create, commit_create
from hub.core.errors import Forbidden, Invalid, PreconditionFailed, Refused
from tests.factories.catalog import add, card, make_blob, make_commit, make_model, make_repo, weights


def paths(commit: Commit) -> set[str]:
    return {entry.path for entry in entries_of(commit) if not entry.is_folder}


def run(repo, user, *operations, **rest) -> Commit:
    return commit_create(repo=repo, branch="main", user=user, operations=operations, title="Change", **rest)


def test_adds_deletes_and_copies_in_order(alice):
    repo = make_repo(alice, files={"old.txt": "old", "gone/a": "a", "gone/b/c": "c"})
    commit = run(
        repo, alice, add(alice, "new.txt", "new"), DeleteFolder("gone/"), CopyFile("old.txt", "main", "copy.txt"), DeleteFile("old.txt")
    )  # fmt: skip
    assert paths(commit) == {".gitattributes", "new.txt", "copy.txt"}


def test_a_later_operation_sees_the_earlier(alice):
    repo = make_repo(alice)
    assert paths(run(repo, alice, add(alice, "a", "1"), DeleteFile("a"), add(alice, "b", "2"))) == {
        ".gitattributes",
        "b",
    }


def test_copies_from_another_revision(alice):
    repo = make_repo(alice, files={"a.txt": "first"})
    first = commit_resolve(repo, "main")
    make_commit(repo, alice, {"a.txt": "second"})
    commit = run(repo, alice, CopyFile("a.txt", first.oid[:8], "b.txt"))
    found = {entry.path: entry.oid for entry in entries_of(commit)}
    assert found["b.txt"] == next(entry.oid for entry in entries_of(first) if entry.path == "a.txt")


@pytest.mark.parametrize(
    "operation", [DeleteFile("nope"), DeleteFolder("nope"), DeleteFile("folder"), CopyFile("nope", "main", "x")]
)
def test_what_is_not_there_cannot_be_taken_away(alice, operation):
    repo = make_repo(alice, files={"folder/file": "x"})
    with pytest.raises(EntryMissing):
        run(repo, alice, add(alice, "other.txt", "x"), operation)
    assert Commit.objects.filter(repo=repo).count() == 2


def test_one_bad_operation_stops_all(alice):
    repo = make_repo(alice)
    with pytest.raises(Refused):
        run(repo, alice, add(alice, "good.txt", "x"), add(alice, "../bad.txt", "x"))
    assert HeadEntry.objects.filter(ref__repo=repo).count() == 1


def test_all_findings_come_at_once(alice):
    repo = make_repo(alice)
    with pytest.raises(Refused) as caught:
        run(repo, alice, add(alice, "../a", "x"), add(alice, "b/.git/c", "x"), add(alice, "model.pkl", "x"))
    assert [finding.where for finding in caught.value.findings] == ["../a", "b/.git/c", "model.pkl"]


def test_a_file_cannot_be_a_folder_too(alice):
    repo = make_repo(alice, files={"a": "file"})
    with pytest.raises(Refused, match="a file and a folder"):
        run(repo, alice, add(alice, "a/b", "x"))


def test_a_folder_may_take_the_place_of_a_file_that_goes(alice):
    repo = make_repo(alice, files={"a": "file"})
    assert "a/b" in paths(run(repo, alice, DeleteFile("a"), add(alice, "a/b", "x")))


def test_names_that_differ_in_case_alone_are_noted(alice):
    commit = make_commit(make_repo(alice), alice, {"Readme.txt": "1", "README.TXT": "2"})
    assert [finding["code"] for finding in commit.findings] == ["case_collision"]


def test_a_stale_parent_is_told_so(alice, bob):
    repo = make_repo(alice)
    parent = repo.head
    make_commit(repo, alice, {"a": "1"}, parent=parent)
    with pytest.raises(PreconditionFailed):
        make_commit(repo, alice, {"a": "2"}, parent=parent)
    assert Commit.objects.filter(repo=repo).count() == 2


def test_the_same_commit_sent_twice_is_one(alice):
    """Also when others have committed in between: the client only lost the answer."""
    repo = make_repo(alice)
    parent = repo.head
    first = make_commit(repo, alice, {"a": "1"}, parent=parent)
    assert make_commit(repo, alice, {"a": "1"}, parent=parent) == first
    later = make_commit(repo, alice, {"b": "2"})
    assert make_commit(repo, alice, {"a": "1"}, parent=parent) == first
    assert commit_resolve(repo, "main") == later


def test_without_a_parent_the_last_writer_of_a_path_wins(alice):
    repo = make_repo(alice)
    make_commit(repo, alice, {"a": "1", "b": "1"})
    assert paths(make_commit(repo, alice, {"a": "2"})) >= {"a", "b"}


def test_nothing_changed_is_no_commit(alice):
    repo = make_repo(alice, files={"a": "1"})
    before = commit_resolve(repo, "main")
    assert make_commit(repo, alice, {"a": "1"}) == before
    assert run(repo, alice) == before


def test_readers_and_strangers_may_not(alice, bob, charlie, lab):
    repo = make_repo(alice, namespace="lab")
    make_commit(repo, bob, {"a": "1"})
    with pytest.raises(Forbidden):
        make_commit(repo, charlie, {"b": "1"})


def test_a_branch_has_to_be_there(alice):
    with pytest.raises(RevisionMissing):
        make_commit(make_repo(alice), alice, {"a": "1"}, branch="nope")


@pytest.mark.parametrize("title", ["", "   ", "\0", "\n\n"])
def test_a_commit_needs_a_title(alice, title):
    with pytest.raises(Invalid):
        make_commit(make_repo(alice), alice, {"a": "1"}, title=title)


def test_the_first_line_is_the_title(alice):
    commit = make_commit(make_repo(alice), alice, {"a": "1"}, title=" One \nTwo\0\n", message="Three")
    assert (commit.title, commit.message) == ("One", "Two\nThree")


def test_facts_are_read_from_headers(alice):
    repo = make_model(alice)
    facts = facts_of(commit_resolve(repo, "main"))
    assert (facts.parameters, facts.dtype, facts.architecture, facts.licence) == (
        12,
        "float32",
        "ViTForImageClassification",
        "Apache-2.0",
    )
    assert (facts.repo, facts.commit, facts.visibility) == (repo.full_name, repo.head, "public")
    assert facts.tensors["layer.weight"].file == "model.safetensors"


def test_columns_follow_the_default_branch_only(alice):
    repo = make_model(alice)
    branch_create(repo=repo, name="other")
    make_commit(repo, alice, {"README.md": card(license="mit")}, branch="other")
    repo.refresh_from_db()
    assert repo.licence == "Apache-2.0"
    make_commit(repo, alice, {"README.md": card(license="mit", language="en", tags=["digits"])})
    repo.refresh_from_db()
    assert (repo.licence, repo.languages, repo.summary) == ("MIT", ["en"], "Made for a test.")
    assert {"license:mit", "digits", "safetensors", "en"} <= set(repo.tags)


def test_a_bad_card_is_kept_with_a_finding(alice):
    commit = make_commit(make_repo(alice), alice, {"README.md": "---\na: [\n---\n# Still readable\n"})
    assert [finding["severity"] for finding in commit.findings] == ["warning"]


def test_uploads_that_postgres_would_choke_on_are_stored(alice):
    config = '{"architectures": ["A\\u0000B"], "x": NaN, "y": "\\ud800", "z": 1e999}'
    readme = '---\ntitle: "a\\0b"\n---\n\0 text \0\n'
    commit = make_commit(make_repo(alice), alice, {"config.json": config, "README.md": readme})
    assert paths(commit) == {".gitattributes", "config.json", "README.md"}


def test_equal_folders_are_stored_once(alice):
    from hub.catalog.models import Tree

    make_repo(alice, "one", files={"a/x": "1"})
    count = Tree.objects.count()
    make_repo(alice, "two", files={"a/x": "1"})
    assert Tree.objects.count() == count


def test_knows_which_commit_touched_a_path_last(alice):
    repo = make_repo(alice, files={"a/x": "1", "b": "1"})
    make_commit(repo, alice, {"a/y": "1"}, title="Second")
    old = commit_resolve(repo, "main")
    make_commit(repo, alice, {"b": "2"}, title="Third")
    for commit in (commit_resolve(repo, "main"), old):  # the head has it in rows, the older one is walked for
        found = {entry.path: entry.last_commit.title for entry in entries_of(commit)}
        assert (found["a/x"], found["a/y"], found["a"], found[".gitattributes"]) == (
            "Add files",
            "Second",
            "Second",
            "Initial commit",
        )
    assert found["b"] == "Add files"


def test_an_error_inside_the_transaction_leaves_no_trace(alice, monkeypatch):
    repo = make_repo(alice)
    blob = make_blob(alice, weights())

    def dies(*_, **__):
        raise RuntimeError("killed")

    monkeypatch.setattr("hub.catalog.commits.derived_update", dies)
    with pytest.raises(RuntimeError):
        run(repo, alice, AddFile("model.safetensors", blob, is_lfs=True))
    assert Commit.objects.filter(repo=repo).count() == 1
    assert commit_resolve(repo, "main").oid == repo.head
    assert HeadEntry.objects.filter(ref__repo=repo).count() == 1


def test_a_repo_has_no_more_folders_than_are_kept(alice, monkeypatch):
    monkeypatch.setattr("hub.catalog.paths.MAX_FOLDERS", 3)
    repo = make_repo(alice)
    make_commit(repo, alice, {"a/b/1": "1", "c/1": "1"})
    with pytest.raises(Refused, match="4 folders") as refused:
        make_commit(repo, alice, {"d/1": "1"})
    assert [finding.code for finding in refused.value.findings] == ["too_many_folders"]
    make_commit(repo, alice, {"a/b/2": "2"})
    assert paths(commit_resolve(repo, "main")) == {".gitattributes", "a/b/1", "a/b/2", "c/1"}

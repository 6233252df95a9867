"""Branches and tags."""

import pytest

from hub.catalog.errors import RevisionMissing
from hub.catalog.models import HeadEntry, Ref
from hub.catalog.selectors import commit_resolve, entries_of
from hub.catalog.services import branch_create, branch_delete, tag_create, tag_delete
from hub.core.errors import Conflict, Forbidden, Invalid
from tests.factories.catalog import make_commit, make_repo


@pytest.fixture
def repo(alice):
    repo = make_repo(alice, files={"a.txt": "1"})
    make_commit(repo, alice, {"b.txt": "2"}, title="Second")
    return repo


def rows(repo, branch: str) -> dict[str, str]:
    found = HeadEntry.objects.filter(ref__repo=repo, ref__name=branch).values_list("path", "last_commit__title")
    return dict(found)


def test_a_branch_begins_at_the_head_of_the_default_one(repo):
    branch_create(repo=repo, name="feature/x")
    assert commit_resolve(repo, "feature/x") == commit_resolve(repo, "main")
    assert (
        rows(repo, "feature/x")
        == rows(repo, "main")
        == {".gitattributes": "Initial commit", "a.txt": "Add files", "b.txt": "Second"}
    )


def test_a_branch_may_begin_at_any_commit(repo):
    older = commit_resolve(repo, "main").parent
    branch_create(repo=repo, name="old", start=older.oid)
    assert rows(repo, "old") == {".gitattributes": "Initial commit", "a.txt": "Add files"}


def test_a_commit_to_a_branch_leaves_the_others(repo, alice):
    branch_create(repo=repo, name="other")
    make_commit(repo, alice, {"c.txt": "3"}, branch="other")
    assert "c.txt" not in rows(repo, "main")
    assert {entry.path for entry in entries_of(commit_resolve(repo, "other"))} == {
        ".gitattributes",
        "a.txt",
        "b.txt",
        "c.txt",
    }


@pytest.mark.parametrize("name", ["", "a b", "a..b", "/a", "a/", "a//b", "a.lock", ".a", "a/.b", "-a", "@", "HEAD", "refs/x", "a~1", "a:b",
                                  "a\0", "a\n", "0" * 40, "x" * 256, "a@{1}", "a\\b", "a?", "[a"])  # fmt: skip
def test_refuses_names_that_git_refuses(repo, name):
    with pytest.raises(Invalid):
        branch_create(repo=repo, name=name)


def test_a_name_is_taken_once_per_kind(repo):
    branch_create(repo=repo, name="x")
    tag_create(repo=repo, name="x", revision="main")
    for make in (lambda: branch_create(repo=repo, name="x"), lambda: tag_create(repo=repo, name="x", revision="main")):
        with pytest.raises(Conflict):
            make()


def test_no_name_is_a_folder_of_another(repo):
    branch_create(repo=repo, name="a/b")
    for name in ("a", "a/b/c"):
        with pytest.raises(Conflict):
            tag_create(repo=repo, name=name, revision="main")
    branch_create(repo=repo, name="a/c")


def test_the_default_branch_stays(repo):
    with pytest.raises(Forbidden):
        branch_delete(repo=repo, name="main")


def test_what_is_gone_is_gone(repo):
    branch_create(repo=repo, name="x")
    tag_create(repo=repo, name="v1", revision="x")
    branch_delete(repo=repo, name="x")
    tag_delete(repo=repo, name="v1")
    for delete, name in ((branch_delete, "x"), (tag_delete, "v1")):
        with pytest.raises(RevisionMissing):
            delete(repo=repo, name=name)
    assert Ref.objects.filter(repo=repo).count() == 1


def test_a_revision_is_a_branch_a_tag_or_a_hash(repo):
    head = commit_resolve(repo, "main")
    tag_create(repo=repo, name="v1", revision="main")
    for revision in ("v1", "refs/tags/v1", "refs/heads/main", head.oid, head.oid[:7]):
        assert commit_resolve(repo, revision) == head
    for revision in (
        "v2",
        "refs/heads/v1",
        "refs/tags/main",
        head.oid[:6],
        "0" * 40,
        "",
        "main/",
        "\u0000"[:0] + "x" * 300,
    ):
        with pytest.raises(RevisionMissing):
            commit_resolve(repo, revision)


def test_a_tag_stays_where_it_is(repo, alice):
    tag_create(repo=repo, name="v1", revision="main")
    before = commit_resolve(repo, "v1")
    make_commit(repo, alice, {"c.txt": "3"})
    assert commit_resolve(repo, "v1") == before

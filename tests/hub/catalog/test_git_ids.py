"""Ids of blobs, trees and commits, held against the real git."""

import os
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest

from hub.blobs.services import blob_bytes
from hub.catalog import git_ids
from hub.catalog.git_ids import TreeItem
from hub.catalog.models import Commit, Tree, TreeEntry
from tests.factories.catalog import make_commit, make_repo, weights


def git(folder: Path, *arguments: str, content: bytes = b"", **environment: str) -> str:
    done = subprocess.run(
        ["git", "-C", str(folder), *arguments], input=content, capture_output=True, check=True, env={**os.environ, **environment}
    )  # fmt: skip
    return done.stdout.decode().strip()


@pytest.fixture
def oracle(tmp_path) -> Path:
    git(tmp_path, "init", "-q", "oracle")
    return tmp_path / "oracle"


@pytest.mark.parametrize("content", [b"", b"hello\n", bytes(range(256)) * 10])
def test_blobs(oracle, content):
    assert git_ids.object_oid(b"blob", content) == git(oracle, "hash-object", "--stdin", content=content)


def test_pointers_are_those_of_git_lfs(oracle):
    text = git_ids.pointer_text("ab" * 32, 12345)
    assert text == b"version https://git-lfs.github.com/spec/v1\noid sha256:" + b"ab" * 32 + b"\nsize 12345\n"
    assert git_ids.pointer_oid("ab" * 32, 12345) == git(oracle, "hash-object", "--stdin", content=text)
    assert 127 <= git_ids.pointer_size("ab" * 32, 12345) <= 136


def test_trees_sort_folders_as_if_they_ended_in_a_slash(oracle):
    """`a.b` comes before the folder `a`, and `a0` after it."""
    blob = git(oracle, "hash-object", "-w", "--stdin", content=b"x")
    empty = git(oracle, "mktree", content=b"")
    items = [
        TreeItem("a", empty, True),
        TreeItem("a.b", blob, False),
        TreeItem("a0", blob, False),
        TreeItem("ä", blob, False),
    ]
    lines = [f"{'040000 tree' if item.is_folder else '100644 blob'} {item.oid}\t{item.name}\n" for item in items]
    assert git_ids.tree_oid(items) == git(oracle, "mktree", content="".join(lines).encode())
    assert git_ids.tree_oid([]) == empty


@pytest.mark.parametrize(("message", "parent"), [("", False), ("Why it is so.\n\nTwo paragraphs, ümlaut.", True)])
def test_commits(oracle, message, parent):
    tree = git(oracle, "mktree", content=b"")
    date = datetime(2026, 1, 31, 12, 34, 56, tzinfo=UTC)
    who = {f"GIT_{role}_{part}": value for role in ("AUTHOR", "COMMITTER") for part, value in (
        ("NAME", "alice"), ("EMAIL", "alice@genepool"), ("DATE", f"{int(date.timestamp())} +0000"))}  # fmt: skip
    first = git(oracle, "commit-tree", tree, content=b"First\n", **who) if parent else None
    text = "Title\n" if not message else f"Title\n\n{message}\n"
    expected = git(oracle, "commit-tree", tree, *(["-p", first] if first else []), content=text.encode(), **who)
    found = git_ids.commit_oid(tree=tree, parent=first, author_name="alice", date=date, title="Title", message=message)
    assert found == expected


def test_a_whole_history_is_one_that_git_accepts(oracle, alice):
    """Every object of a repo written into an empty git, under the id that the catalogue gave it, and then checked by git itself."""
    repo = make_repo(alice, files={"a/b/c.txt": "c", "a.txt": "a", "a-b.txt": "x", "model.safetensors": weights()})
    make_commit(repo, alice, {"a/d.txt": "d"}, title="Second", message="With a message.")
    for entry in TreeEntry.objects.exclude(blob=None).select_related("blob"):
        content = (
            git_ids.pointer_text(entry.blob_id, entry.blob.size_bytes) if entry.is_lfs else blob_bytes(blob=entry.blob)
        )
        assert git(oracle, "hash-object", "-w", "--stdin", content=content) == entry.oid
    for tree in Tree.objects.all():
        lines = [
            f"{'040000 tree' if row.blob_id is None else '100644 blob'} {row.oid}\t{row.name}\n"
            for row in tree.entries.all()
        ]
        assert git(oracle, "mktree", "--missing", content="".join(lines).encode()) == tree.oid
    for commit in Commit.objects.order_by("pk"):
        who = f"{git_ids.signature(commit.author_name)} {int(commit.date.timestamp())} +0000"
        parent = f"parent {commit.parent.oid}\n" if commit.parent else ""
        text = f"{commit.title}\n" + (f"\n{commit.message}\n" if commit.message else "")
        content = f"tree {commit.tree_id}\n{parent}author {who}\ncommitter {who}\n\n{text}".encode()
        assert git(oracle, "hash-object", "-w", "-t", "commit", "--stdin", content=content) == commit.oid
    git(oracle, "fsck", "--strict", Commit.objects.order_by("pk").last().oid)

"""Which files are meant, to which branch they go, and what a hash is for."""

import pytest

from hub.catalog.models import Repo
from hub.catalog.selectors import commit_resolve, entries_of
from tests.factories.accounts import make_token
from tests.hub.cli.test_push_and_pull import _genepool, folder, url  # noqa: F401  fixtures

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.journey]


def paths(repo: Repo, revision: str = "main") -> set[str]:
    return {entry.path for entry in entries_of(commit_resolve(repo, revision)) if not entry.is_folder}


def test_patterns_and_branches(alice, url, folder, tmp_path):  # noqa: F811
    token = make_token(alice, "write")
    (folder / "notes.txt").write_text("mine alone")
    (folder / ".git").mkdir()
    (folder / ".git" / "config").write_text("[core]")
    pushed = _genepool(url, token, tmp_path, "push", str(folder), "alice/mine", "--exclude", "*.txt")
    assert pushed.returncode == 0, pushed.stderr
    repo = Repo.objects.get(full_name="alice/mine")
    assert paths(repo) == {".gitattributes", "README.md", "model.safetensors"}
    there = _genepool(
        url, token, tmp_path, "push", str(folder), "alice/mine", "--include", "*.txt", "--revision", "try/words"
    )
    assert there.returncode == 0, there.stderr
    assert paths(repo, "try/words") == {".gitattributes", "README.md", "model.safetensors", "notes.txt"}
    assert "notes.txt" not in paths(repo)
    pulled = _genepool(
        url, token, tmp_path, "pull", "alice/mine", "copy", "--revision", "try/words", "--include", "*.txt"
    )
    assert pulled.returncode == 0, pulled.stderr
    assert [path.name for path in (tmp_path / "copy").iterdir() if path.is_file()] == ["notes.txt"]
    none = _genepool(url, token, tmp_path, "push", str(folder), "alice/mine", "--include", "*.none")
    assert (none.returncode, "Look at --include" in none.stderr) == (2, True)


def test_a_file_that_was_spoilt_is_fetched_again(alice, url, folder, tmp_path):  # noqa: F811
    token = make_token(alice, "write")
    assert _genepool(url, token, tmp_path, "push", str(folder), "alice/mine").returncode == 0
    assert _genepool(url, token, tmp_path, "pull", "alice/mine", "copy").returncode == 0
    spoilt = tmp_path / "copy" / "model.safetensors"
    whole = spoilt.read_bytes()
    spoilt.write_bytes(whole[:-1] + b"!")
    again = _genepool(url, token, tmp_path, "pull", "alice/mine", "copy")
    assert again.returncode == 0, again.stderr
    assert spoilt.read_bytes() == whole


def test_nothing_is_drawn_where_nobody_looks(alice, url, folder, tmp_path):  # noqa: F811
    pushed = _genepool(url, make_token(alice, "write"), tmp_path, "push", str(folder), "alice/mine")
    assert pushed.stderr == f"It is private: {url}/alice/mine\n"


def test_a_folder_of_data_becomes_a_dataset_with_splits(alice, url, tmp_path):  # noqa: F811
    token = make_token(alice, "write")
    data = tmp_path / "data"
    (data / "val").mkdir(parents=True)
    (data / "train.csv").write_text("a,b\n1,2\n")
    (data / "val" / "rows.jsonl").write_text('{"a": 1}\n')
    pushed = _genepool(url, token, tmp_path, "data", "push", str(data), "alice/rows", "--public")
    assert pushed.returncode == 0, pushed.stderr
    repo = Repo.objects.get(full_name="alice/rows", type="dataset")
    assert paths(repo) == {".gitattributes", "README.md", "train.csv", "val/rows.jsonl"}
    assert repo.card["configs"][0]["data_files"] == [
        {"split": "train", "path": ["train.csv"]}, {"split": "validation", "path": ["val/rows.jsonl"]},
    ]  # fmt: skip
    head = repo.head
    (data / "test.csv").write_text("a,b\n3,4\n")
    assert _genepool(url, token, tmp_path, "data", "push", str(data), "alice/rows").returncode == 0
    repo.refresh_from_db()
    assert repo.head != head
    assert repo.card["configs"][0]["data_files"][0]["split"] == "train"
    empty = _genepool(
        url, token, tmp_path, "data", "push", str(tmp_path / "data" / ".."), "alice/none", "--include", "*.none"
    )
    assert empty.returncode == 2
    assert not Repo.objects.filter(full_name="alice/none").exists()

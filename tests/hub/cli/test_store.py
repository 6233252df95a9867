"""`genepool store`: what it asks the hub for, how it waits, and what it prints."""

import json

import pytest

from hub.cli import store

FILE = {"path": "model.safetensors", "sha256": "ab" * 32, "size_bytes": 1000, "stored_bytes": 400, "form": "delta", "has_plain": False, "base": "alice/base"}  # fmt: skip


def answer(state: str, message: str = "") -> dict:
    return {"repo": "alice/tuned", "files": [FILE], "wish": {"form": "delta", "state": state, "message": message}}


@pytest.fixture
def hub(monkeypatch):
    """What is asked, and answers in turn."""
    asked, answers = [], []

    class Fake:
        def get(self, path, **params):
            asked.append(("GET", path, None))
            return answers.pop(0)

        def post(self, path, body):
            asked.append(("POST", path, body))
            return 202, answers.pop(0)

    monkeypatch.setattr(store, "Hub", Fake)
    monkeypatch.setattr(store, "EVERY_S", 0)
    return asked, answers


def test_waits_for_the_worker_and_says_what_each_file_takes(hub, capsys):
    asked, answers = hub
    answers += [answer("asked"), answer("working"), answer("done", "600 B saved.")]
    assert store.main(["delta", "alice/tuned@main", "--base", "alice/base@v1"]) == 0
    assert asked[0] == ("POST", "/models/alice/tuned/storage", {"form": "delta", "revision": "main", "base": "alice/base@v1"})  # fmt: skip
    assert len(asked) == 3
    printed = capsys.readouterr()
    assert "takes 400 B, kept as a difference from alice/base" in printed.out
    assert "600 B saved." in printed.err


@pytest.mark.parametrize("words", [["plain", "alice/tuned"], ["delta", "alice/tuned", "--undo"]])
def test_goes_back_to_whole_files_by_either_name(hub, words):
    asked, answers = hub
    answers.append(answer("done"))
    assert store.main(words) == 0
    assert asked[0][2]["form"] == "plain"


def test_a_failure_is_said_and_ends_with_1(hub, capsys):
    _, answers = hub
    answers.append(answer("failed", "Nothing is kept as a difference."))
    assert store.main(["delta", "alice/tuned", "--json"]) == 1
    assert json.loads(capsys.readouterr().out)["wish"]["state"] == "failed"
    answers.append(answer("failed", "Nothing."))
    assert store.main(["show", "alice/tuned"]) == 0

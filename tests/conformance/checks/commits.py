"""23 to 33: commits, whole or not at all."""

import base64
import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from huggingface_hub import CommitOperationAdd, CommitOperationCopy, CommitOperationDelete
from huggingface_hub.errors import EntryNotFoundError, HfHubHTTPError
from kit import Stage, check, refused, same, sha256, weights


@check(23, "add, delete and copy in one commit")
def mixed(stage: Stage) -> None:
    repo = stage.fresh({"old.txt": b"old", "model.safetensors": weights(6), "config.json": b"{}"})
    stage.api.create_commit(
        repo,
        [
            CommitOperationAdd("new.txt", b"new"), CommitOperationDelete("old.txt"),
            CommitOperationCopy("model.safetensors", "copy.safetensors"), CommitOperationCopy("config.json", "copy.json"),
        ],
        commit_message="All at once",
    )  # fmt: skip
    same(stage.files(repo), {"new.txt", "model.safetensors", "config.json", "copy.safetensors", "copy.json"})
    same((stage.get(repo, "copy.safetensors"), stage.get(repo, "copy.json")), (weights(6), b"{}"))


@check(24, "a second commit on the same parent")
def stale_parent(stage: Stage) -> None:
    repo = stage.fresh()
    parent = stage.head(repo)
    stage.commit(repo, {"a.txt": b"first"}, parent_commit=parent)
    with refused(412, 409):
        stage.commit(repo, {"a.txt": b"second"}, parent_commit=parent)
    same(stage.get(repo, "a.txt"), b"first")


def _race(stage: Stage, **rest: Any) -> tuple[str, list[bool]]:
    repo = stage.fresh()
    if "parent_commit" in rest:
        rest["parent_commit"] = stage.head(repo)

    def one(number: int) -> bool:
        try:
            stage.commit(repo, {f"{number}.txt": b"x%d" % number}, **rest)
        except HfHubHTTPError as error:
            if error.response.status_code not in (409, 412):
                raise
            return False
        return True

    with ThreadPoolExecutor(4) as pool:
        return repo, list(pool.map(one, range(4)))


@check(25, "four commits on one parent at once")
def race_with_parent(stage: Stage) -> None:
    repo, done = _race(stage, parent_commit="")
    same((sum(done), len(stage.files(repo))), (1, 1))


@check(26, "four commits without a parent at once")
def race_without_parent(stage: Stage) -> None:
    repo, done = _race(stage)
    same((all(done), len(stage.files(repo))), (True, 4))


@check(27, "delete_file of what is not there")
def delete_missing(stage: Stage) -> None:
    with refused(404, kind=EntryNotFoundError):
        stage.api.delete_file("nothing.txt", stage.zoo.id)


@check(28, "delete_file and delete_folder")
def delete(stage: Stage) -> None:
    repo = stage.fresh({"a.txt": b"a", "sub/b.txt": b"b", "sub/deep/c.txt": b"c", "d.txt": b"d"})
    stage.api.delete_file("a.txt", repo)
    stage.api.delete_folder("sub", repo)
    same(stage.files(repo), {"d.txt"})


def _send(stage: Stage, repo: str, *lines: tuple[str, dict[str, Any]], token: str = "") -> Any:
    every = [("header", {"summary": "By hand", "description": ""}), *lines]
    body = b"\n".join(json.dumps({"key": key, "value": value}).encode() for key, value in every)
    return stage.raw(
        "POST", f"/api/models/{repo}/commit/main", body, token=token, headers={"Content-Type": "application/x-ndjson"}
    )


def _file(path: str) -> tuple[str, dict[str, Any]]:
    return "file", {"path": path, "content": base64.b64encode(b"x").decode(), "encoding": "base64"}


@check(29, "a commit whose second operation fails")
def all_or_nothing(stage: Stage) -> None:
    repo = stage.fresh()
    before = stage.head(repo)
    answer = _send(stage, repo, _file("good.txt"), ("deletedFile", {"path": "nothing.txt"}))
    assert 400 <= answer.status < 500, answer.status
    same((stage.head(repo), stage.files(repo)), (before, set()))


@check(30, "commits with paths that traverse")
def evil_paths(stage: Stage) -> None:
    repo = stage.fresh()
    before = stage.head(repo)
    for path in ("../up.txt", "/etc/x", ".git/config", "sub/.GIT/x", "a//b", ".", "", "a/../b", "a\\b", "a\0b"):
        answer = _send(stage, repo, _file(path))
        assert 400 <= answer.status < 500, f"{path!r}: {answer.status}"
    same(stage.head(repo), before)


@check(31, "a commit that names an unknown hash")
def unknown_hash(stage: Stage) -> None:
    repo = stage.fresh()
    line = ("lfsFile", {"path": "model.safetensors", "algo": "sha256", "oid": "ab" * 32, "size": 10})
    assert 400 <= _send(stage, repo, line).status < 500
    same(stage.files(repo), set())


@check(32, "LFS with other bytes than were said")
def wrong_bytes(stage: Stage) -> None:
    repo, said = stage.fresh(), weights(7)
    found = stage.raw(
        "POST", f"/{repo}.git/info/lfs/objects/batch",
        {"operation": "upload", "transfers": ["basic", "multipart"], "hash_algo": "sha256", "objects": [{"oid": sha256(said), "size": len(said)}]},
    )  # fmt: skip
    same(found.status, 200)
    upload = found.json()["objects"][0]["actions"]["upload"]["href"]
    sent = stage.raw("PUT", upload, bytes(len(said)), token=None)
    verified = stage.raw("POST", f"/{repo}.git/info/lfs/objects/verify", {"oid": sha256(said), "size": len(said)})
    done = _send(
        stage,
        repo,
        ("lfsFile", {"path": "model.safetensors", "algo": "sha256", "oid": sha256(said), "size": len(said)}),
    )
    assert any(400 <= status < 500 for status in (sent.status, verified.status)), (sent.status, verified.status)
    assert 400 <= done.status < 500, done.status
    same(stage.files(repo), set())


@check(33, "LFS batch without a token")
def batch_anonymous(stage: Stage) -> None:
    document = {"operation": "upload", "transfers": ["basic"], "objects": [{"oid": "ab" * 32, "size": 1}]}
    answer = stage.raw("POST", f"/{stage.zoo.id}.git/info/lfs/objects/batch", document, token=None)
    assert answer.status in (401, 403, 404), answer.status

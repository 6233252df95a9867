"""74 to 81: who may do what."""

import json
from collections.abc import Callable
from functools import cache

from huggingface_hub import HfApi
from huggingface_hub.errors import GatedRepoError, HfHubHTTPError, RepositoryNotFoundError
from kit import IS_2, Stage, check, refused, same, sha256, weights


@cache
def _private(stage: Stage) -> str:
    return stage.fresh({"a.txt": b"secret", "model.safetensors": weights(9)}, private=True)


def _reads(api: HfApi, repo: str) -> list[Callable[[], object]]:
    return [
        lambda: api.model_info(repo), lambda: api.hf_hub_download(repo, "a.txt", force_download=True),
        lambda: list(api.list_repo_tree(repo)), lambda: api.list_repo_refs(repo), lambda: api.list_repo_commits(repo),
        lambda: api.get_paths_info(repo, ["a.txt"]), lambda: api.snapshot_download(repo),
    ]  # fmt: skip


@check(74, "a private repo without a token")
def private(stage: Stage) -> None:
    for read in _reads(stage.anyone, _private(stage)):
        with refused(401, 404, kind=Exception):
            read()
    same(
        [model.id for model in stage.anyone.list_models(author=stage.name, search=_private(stage).partition("/")[2])],
        [],
    )


@check(75, "a stranger, private and public")
def stranger(stage: Stage) -> None:
    for read in _reads(stage.other, _private(stage)):
        with refused(404, kind=Exception):
            read()
    with refused(404, kind=RepositoryNotFoundError):
        stage.other.upload_file(path_or_fileobj=b"x", path_in_repo="x.txt", repo_id=_private(stage))
    with refused(403):
        stage.other.upload_file(path_or_fileobj=b"x", path_in_repo="x.txt", repo_id=stage.zoo.id)
    with refused(403):
        stage.other.delete_repo(stage.zoo.id)


@check(76, "a token that may only read")
def reader(stage: Stage) -> None:
    for read in _reads(stage.reader, _private(stage)):
        read()
    for write in (
        lambda: stage.reader.upload_file(path_or_fileobj=b"x", path_in_repo="x.txt", repo_id=_private(stage)),
        lambda: stage.reader.create_repo(stage.id()), lambda: stage.reader.delete_repo(_private(stage)),
    ):  # fmt: skip
        with refused(401, 403):
            write()


@check(77, "upload with an unknown token")
def unknown(stage: Stage) -> None:
    with refused(401, 403):
        HfApi(token="hf_" + "y" * 34).upload_file(path_or_fileobj=b"x", path_in_repo="x.txt", repo_id=stage.zoo.id)


@check(78, "update_repo_settings, private and back")
def visibility(stage: Stage) -> None:
    repo = stage.fresh({"a.txt": b"1"})
    stage.api.update_repo_settings(repo, private=True)
    with refused(401, 404, kind=RepositoryNotFoundError):
        stage.anyone.model_info(repo)
    stage.api.update_repo_settings(repo, private=False)
    same(stage.anyone.model_info(repo).private, False)


@check(79, "auth_check")
def auth_check(stage: Stage) -> None:
    stage.api.auth_check(_private(stage))
    stage.other.auth_check(stage.zoo.id)
    with refused(404, kind=RepositoryNotFoundError):
        stage.other.auth_check(_private(stage))
    if IS_2:
        stage.api.auth_check(stage.zoo.id, write=True)
        with refused(403):
            stage.other.auth_check(stage.zoo.id, write=True)


@check(80, "a gated repo")
def gated(stage: Stage) -> None:
    repo = stage.fresh({"a.txt": b"behind the gate", "model.safetensors": weights(10)})
    stage.api.update_repo_settings(repo, gated="manual")
    same(stage.other.model_info(repo).gated, "manual")
    for api in (stage.other, stage.anyone):
        with refused(401, 403, kind=GatedRepoError):
            api.auth_check(repo)
        same(_gate_of(api, repo), True)
    same(stage.get(repo, "a.txt"), b"behind the gate")
    assert repo in {model.id for model in stage.api.list_models(author=stage.name, gated=True)}
    assert repo not in {model.id for model in stage.api.list_models(author=stage.name, gated=False)}
    _ask_and_let_in(stage, repo)


def _gate_of(api: HfApi, repo: str) -> bool:
    """True when a download ends at the gate. Clients of 0.x say that nothing is in the cache, and why as the cause."""
    try:
        api.hf_hub_download(repo, "a.txt")
    except Exception as error:
        return isinstance(error, GatedRepoError) or isinstance(error.__cause__, GatedRepoError)
    return False


def _ask_and_let_in(stage: Stage, repo: str) -> None:
    same(stage.raw("POST", f"/{repo}/ask-access", {}, token=stage.other_token).status // 100, 2)
    (waiting,) = stage.api.list_pending_access_requests(repo)
    same(waiting.username, stage.other_name)
    stage.api.accept_access_request(repo, stage.other_name)
    same([one.username for one in stage.api.list_accepted_access_requests(repo)], [stage.other_name])
    same(stage.get(repo, "a.txt", api=stage.other), b"behind the gate")
    stage.api.reject_access_request(repo, stage.other_name, rejection_reason="No longer")
    with refused(403, kind=GatedRepoError):
        stage.other.auth_check(repo)


@check(81, "a stranger commits a private blob by its hash")
def stolen_hash(stage: Stage) -> None:
    content = weights(11, 3000)
    stage.commit(_private(stage), {"secret.safetensors": content})
    repo = f"{stage.other_name}/theft-{stage.run_name}"
    stage.other.create_repo(repo)
    lines = [
        {"key": "header", "value": {"summary": "Steal", "description": ""}},
        {"key": "lfsFile", "value": {"path": "w.safetensors", "algo": "sha256", "oid": sha256(content), "size": len(content)}},
    ]  # fmt: skip
    body = b"\n".join(json.dumps(line).encode() for line in lines)
    answer = stage.raw(
        "POST",
        f"/api/models/{repo}/commit/main",
        body,
        token=stage.other_token,
        headers={"Content-Type": "application/x-ndjson"},
    )
    assert 400 <= answer.status < 500, answer.status
    try:
        batch = stage.raw(
            "POST", f"/{repo}.git/info/lfs/objects/batch",
            {"operation": "upload", "transfers": ["basic"], "objects": [{"oid": sha256(content), "size": len(content)}]}, token=stage.other_token,
        )  # fmt: skip
        assert "actions" in batch.json()["objects"][0], "the hub says that it has the bytes"
    except HfHubHTTPError:
        raise AssertionError("the batch was refused") from None

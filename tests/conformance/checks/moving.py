"""87 to 94 and 98 to 100: moving, what is not offered, deleting."""

from pathlib import Path

from huggingface_hub.errors import RepositoryNotFoundError
from kit import Stage, check, refused, same, weights


@check(87, "move_repo")
def move(stage: Stage) -> None:
    old, new = stage.fresh({"a.txt": b"1"}), stage.id("moved")
    head = stage.head(old)
    stage.api.move_repo(from_id=old, to_id=new)
    same(stage.head(new), head)
    same(stage.get(old, "a.txt"), b"1")
    same(stage.api.model_info(old).id, new)


@check(88, "move_repo onto what is there, or from nothing")
def move_wrong(stage: Stage) -> None:
    repo = stage.fresh()
    with refused(400, 403, 409):
        stage.api.move_repo(from_id=repo, to_id=stage.zoo.id)
    with refused(404):
        stage.api.move_repo(from_id=f"{stage.name}/nothing-here", to_id=stage.id())


@check(89, "likes")
def likes(stage: Stage) -> None:
    same(stage.raw("POST", f"/api/models/{stage.zoo.id}/like", {}, token=stage.other_token).status, 200)
    same([user.username for user in stage.api.list_repo_likers(stage.zoo.id)], [stage.other_name])
    assert stage.zoo.id in stage.api.list_liked_repos(stage.other_name).models
    stage.other.unlike(stage.zoo.id)
    same(list(stage.api.list_repo_likers(stage.zoo.id)), [])


@check(90, "discussions")
def discussions(stage: Stage) -> None:
    try:
        list(stage.api.get_repo_discussions(stage.zoo.id))
    except Exception as error:
        status = error.response.status_code
        assert status == 501 or (400 <= status < 500 and status not in (408, 429)), status


@check(91, "upload with create_pr")
def pull_request(stage: Stage) -> None:
    before = stage.head(stage.zoo.id)
    with refused():
        stage.api.upload_file(path_or_fileobj=b"x", path_in_repo="x.txt", repo_id=stage.zoo.id, create_pr=True)
    same(stage.head(stage.zoo.id), before)


@check(92, "datasets and spaces that are not there")
def other_types(stage: Stage) -> None:
    for kind in ("dataset", "space"):
        with refused(401, 404, kind=RepositoryNotFoundError):
            stage.api.repo_info(f"{stage.name}/nothing-here", repo_type=kind)
        with refused(401, 404, kind=RepositoryNotFoundError):
            stage.api.hf_hub_download(f"{stage.name}/nothing-here", "a.txt", repo_type=kind)
    same(list(stage.api.list_spaces(author=stage.name)), [])
    repo = stage.id("data")
    stage.api.create_repo(repo, repo_type="dataset")
    stage.api.upload_file(path_or_fileobj=b"a,b\n1,2\n", path_in_repo="data.csv", repo_id=repo, repo_type="dataset")
    assert repo in {one.id for one in stage.api.list_datasets(author=stage.name)}
    same(Path(stage.api.hf_hub_download(repo, "data.csv", repo_type="dataset")).read_bytes(), b"a,b\n1,2\n")
    with refused():
        stage.api.create_repo(stage.id("space"), repo_type="space", space_sdk="static")


@check(93, "addresses that are nothing")
def unknown_paths(stage: Stage) -> None:
    for path in (
        "/api/nothing",
        "/api/models/a/b/c/d",
        "/api/collections",
        "/api/jobs/x",
        "/api/settings/webhooks",
        "/api/agent-harnesses",
    ):
        for method in ("GET", "POST"):
            answer = stage.raw(method, path)
            assert 400 <= answer.status <= 499 or answer.status == 501, f"{method} {path}: {answer.status}"
            answer.json()


@check(94, "headers and bodies of errors")
def errors(stage: Stage) -> None:
    for path, status, code in (
        (f"/api/models/{stage.name}/nothing-here", 404, "RepoNotFound"), (f"/api/models/{stage.zoo.id}/revision/nothing", 404, "RevisionNotFound"),
        (f"/api/models/{stage.zoo.id}/tree/main/nothing", 404, "EntryNotFound"),
    ):  # fmt: skip
        answer = stage.raw("GET", path)
        same((answer.status, answer.headers["X-Error-Code"]), (status, code))
        same(answer.json()["error"], answer.headers["X-Error-Message"])


@check(98, "delete_repo, again, and missing_ok")
def delete(stage: Stage) -> None:
    repo = stage.fresh({"a.txt": b"1"})
    stage.api.delete_repo(repo)
    same(stage.api.repo_exists(repo), False)
    with refused(404, kind=RepositoryNotFoundError):
        stage.api.delete_repo(repo)
    stage.api.delete_repo(repo, missing_ok=True)


@check(99, "deleting a repo that shares a file")
def shared(stage: Stage) -> None:
    one, two = (stage.fresh({"model.safetensors": weights(13)}) for _ in range(2))
    stage.api.delete_repo(one)
    same(stage.get(two, "model.safetensors"), weights(13))


@check(100, "the id of a deleted repo again")
def again(stage: Stage) -> None:
    repo = stage.fresh({"a.txt": b"1"})
    stage.api.delete_repo(repo)
    stage.api.create_repo(repo)
    same(stage.files(repo), set())

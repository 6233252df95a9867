"""1 to 13: who asks, and whether a repo is there."""

import re

from huggingface_hub import HfApi
from huggingface_hub.errors import RepositoryNotFoundError, RevisionNotFoundError
from kit import Stage, check, refused, same

FALSE_TOKEN = "hf_" + "x" * 34


@check(1, "whoami")
def whoami(stage: Stage) -> None:
    found = stage.api.whoami()
    same((found["name"], found["type"], found["auth"]["accessToken"]["role"]), (stage.name, "user", "write"))
    same(stage.reader.whoami()["auth"]["accessToken"]["role"], "read")


@check(2, "whoami with an unknown token")
def unknown_token(stage: Stage) -> None:
    with refused(401, kind=Exception):  # 0.x wraps it in an error of its HTTP library
        HfApi(token=FALSE_TOKEN).whoami()


@check(3, "create_repo")
def create(stage: Stage) -> None:
    repo = stage.id()
    url = stage.api.create_repo(repo, private=False)
    same((url.repo_id, url.repo_type, url.endpoint), (repo, "model", stage.endpoint))


@check(4, "create_repo twice")
def create_twice(stage: Stage) -> None:
    with refused(409):
        stage.api.create_repo(stage.zoo.id)


@check(5, "create_repo with exist_ok")
def create_again(stage: Stage) -> None:
    same(stage.api.create_repo(stage.zoo.id, exist_ok=True).repo_id, stage.zoo.id)


@check(6, "create_repo without a token")
def create_anonymous(stage: Stage) -> None:
    with refused(401, 403):
        stage.anyone.create_repo(stage.id())


@check(7, "create_repo in a foreign namespace")
def create_foreign(stage: Stage) -> None:
    with refused(401, 403, 404):
        stage.api.create_repo(f"{stage.other_name}/{stage.id().partition('/')[2]}")


@check(8, "create_repo with a traversing name")
def create_evil(stage: Stage) -> None:
    for name in ("../evil", "a/../b", ".", "x" * 200, "a--b", "a.git", ""):
        answer = stage.raw("POST", "/api/repos/create", {"name": name, "organization": None})
        assert 400 <= answer.status < 500, f"{name!r}: {answer.status}"


@check(9, "repo_exists")
def exists(stage: Stage) -> None:
    same((stage.api.repo_exists(stage.zoo.id), stage.api.repo_exists(f"{stage.name}/nothing-here")), (True, False))


@check(10, "model_info of a fresh repo")
def info(stage: Stage) -> None:
    found = stage.api.model_info(stage.fresh())
    assert re.fullmatch("[0-9a-f]{40}", found.sha)
    assert found.author == stage.name
    assert found.created_at
    assert found.last_modified
    assert isinstance(found.siblings, list)


@check(11, "model_info of an unknown repo")
def info_unknown(stage: Stage) -> None:
    for api in (stage.api, stage.anyone):
        with refused(404, 401, kind=RepositoryNotFoundError):
            api.model_info(f"{stage.name}/nothing-here")


@check(12, "model_info of an unknown revision")
def info_unknown_revision(stage: Stage) -> None:
    with refused(404, kind=RevisionNotFoundError):
        stage.api.model_info(stage.zoo.id, revision="nothing")


@check(13, "revision_exists")
def revision_exists(stage: Stage) -> None:
    same([stage.api.revision_exists(stage.zoo.id, name) for name in ("main", "nothing")], [True, False])

"""66 to 73: branches, tags, history."""

from huggingface_hub.errors import RevisionNotFoundError
from kit import Stage, check, refused, same


@check(66, "create_branch, with a slash in its name")
def create_branch(stage: Stage) -> None:
    repo = stage.fresh({"a.txt": b"1"})
    old = stage.head(repo)
    stage.commit(repo, {"a.txt": b"2"})
    stage.api.create_branch(repo, branch="feature/x")
    with refused(409):
        stage.api.create_branch(repo, branch="feature/x")
    stage.api.create_branch(repo, branch="feature/x", exist_ok=True)
    stage.api.create_branch(repo, branch="from-old", revision=old)
    found = {branch.name: branch.target_commit for branch in stage.api.list_repo_refs(repo).branches}
    same(found, {"main": stage.head(repo), "feature/x": stage.head(repo), "from-old": old})


@check(67, "commit to a branch")
def commit_to_branch(stage: Stage) -> None:
    repo = stage.fresh({"a.txt": b"1"})
    before = stage.head(repo)
    stage.api.create_branch(repo, branch="feature/y")
    stage.commit(repo, {"b.txt": b"2"}, revision="feature/y")
    same((stage.head(repo), stage.files(repo), stage.files(repo, "feature/y")), (before, {"a.txt"}, {"a.txt", "b.txt"}))
    same(stage.get(repo, "b.txt", "feature/y"), b"2")


@check(68, "commit to a missing branch")
def commit_to_nothing(stage: Stage) -> None:
    with refused(404, kind=RevisionNotFoundError):
        stage.commit(stage.fresh(), {"a.txt": b"1"}, revision="nothing")


@check(69, "create_tag, twice, read by it, delete it twice")
def tags(stage: Stage) -> None:
    repo = stage.fresh({"a.txt": b"1"})
    stage.api.create_tag(repo, tag="v1", tag_message="The first")
    with refused(409):
        stage.api.create_tag(repo, tag="v1")
    stage.commit(repo, {"a.txt": b"2"})
    same(stage.get(repo, "a.txt", "v1"), b"1")
    same([tag.name for tag in stage.api.list_repo_refs(repo).tags], ["v1"])
    stage.api.delete_tag(repo, tag="v1")
    with refused(404, kind=RevisionNotFoundError):
        stage.api.delete_tag(repo, tag="v1")


@check(70, "delete_branch, again, and main")
def delete_branch(stage: Stage) -> None:
    repo = stage.fresh()
    stage.api.create_branch(repo, branch="gone")
    stage.api.delete_branch(repo, branch="gone")
    with refused(404, kind=RevisionNotFoundError):
        stage.api.delete_branch(repo, branch="gone")
    with refused(400, 403):
        stage.api.delete_branch(repo, branch="main")


@check(71, "list_repo_refs with pull requests")
def refs(stage: Stage) -> None:
    found = stage.api.list_repo_refs(stage.zoo.id, include_pull_requests=True)
    same((found.converts, found.pull_requests), ([], []))
    same([branch.ref for branch in found.branches], ["refs/heads/main"])


@check(72, "list_repo_commits")
def commits(stage: Stage) -> None:
    found = stage.api.list_repo_commits(stage.zoo.id, formatted=True)
    same([commit.commit_id for commit in found][:2], [stage.zoo.second, stage.zoo.first])
    same(len({commit.commit_id for commit in found}), len(found))
    same((found[0].title, found[0].authors), ("Add files", [stage.name]))
    assert found[0].formatted_title
    assert found[0].created_at


@check(73, "super_squash_history of a branch")
def squash(stage: Stage) -> None:
    repo = stage.fresh({"a.txt": b"1"})
    stage.commit(repo, {"b.txt": b"2"})
    stage.api.create_branch(repo, branch="short")
    before = len(stage.api.list_repo_commits(repo))
    stage.api.super_squash_history(repo, branch="short", commit_message="One")
    same([commit.title for commit in stage.api.list_repo_commits(repo, revision="short")], ["One"])
    same(stage.files(repo, "short"), {"a.txt", "b.txt"})
    same(len(stage.api.list_repo_commits(repo)), before)

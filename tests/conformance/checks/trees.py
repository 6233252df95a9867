"""52 to 61: what is in a repo."""

from huggingface_hub.errors import EntryNotFoundError
from huggingface_hub.hf_api import RepoFile, RepoFolder
from kit import CARD, Stage, check, git_sha1, refused, same, sha256, weights

MANY = 1050


@check(52, "list_repo_tree, one level")
def tree(stage: Stage) -> None:
    found = {entry.path: type(entry) for entry in stage.api.list_repo_tree(stage.zoo.id)}
    files = {"README.md", "config.json", "model.safetensors", "added.txt"}
    same({path for path, kind in found.items() if kind is RepoFile} - {".gitattributes"}, files)
    same({path for path, kind in found.items() if kind is RepoFolder}, {"sub"})
    same({entry.path for entry in stage.api.list_repo_tree(stage.zoo.id, "sub")}, {"sub/deep", "sub/data.json"})


@check(53, "list_repo_tree, recursive with last commits")
def tree_expanded(stage: Stage) -> None:
    found = {entry.path: entry for entry in stage.api.list_repo_tree(stage.zoo.id, recursive=True, expand=True)}
    same(found["config.json"].last_commit.oid, stage.zoo.second)
    same(found["sub/deep/notes.txt"].last_commit.oid, stage.zoo.first)


@check(54, "list_repo_tree of a missing folder")
def tree_missing(stage: Stage) -> None:
    with refused(404, kind=EntryNotFoundError):
        list(stage.api.list_repo_tree(stage.zoo.id, "nothing"))


@check(55, "get_paths_info of file, folder and nothing")
def paths_info(stage: Stage) -> None:
    found = stage.api.get_paths_info(stage.zoo.id, ["config.json", "sub", "nothing"])
    same({entry.path: type(entry) for entry in found}, {"config.json": RepoFile, "sub": RepoFolder})


@check(56, f"{MANY} files in one commit")
def many(stage: Stage) -> None:
    repo = stage.fresh({f"data/{number:04d}.txt": b"%d" % number for number in range(MANY)})
    listed = stage.api.list_repo_files(repo)
    same((len(listed), len(set(listed))), (MANY + 1, MANY + 1))
    same(len(stage.api.model_info(repo).siblings), MANY + 1)
    same(len(list(stage.api.list_repo_tree(repo, "data"))), MANY)


@check(57, "model_info with the files' metadata")
def files_metadata(stage: Stage) -> None:
    found = {file.rfilename: file for file in stage.api.model_info(stage.zoo.id, files_metadata=True).siblings}
    for name, content in stage.zoo.files.items():
        same(found[name].size, len(content))
    same(found["config.json"].blob_id, git_sha1(stage.zoo.files["config.json"]))
    same(found["model.safetensors"].lfs.sha256, sha256(stage.zoo.weights))


@check(58, "model_info with expand")
def expand(stage: Stage) -> None:
    found = stage.api.model_info(stage.zoo.id, expand=["sha", "tags"])
    assert found.sha
    assert found.tags is not None
    same((found.author, found.siblings, found.downloads), (None, None, None))


@check(59, "model_info with the security status")
def security(stage: Stage) -> None:
    same(stage.api.model_info(stage.zoo.id, securityStatus=True).id, stage.zoo.id)


@check(60, "fields of the card")
def card(stage: Stage) -> None:
    repo = stage.fresh(
        {
            "README.md": CARD.format(tag="of-the-card").encode(),
            "model.safetensors": weights(8),
            "config.json": b'{"model_type": "bert"}',
        }
    )
    found = stage.api.model_info(repo)
    same((found.pipeline_tag, found.library_name), ("text-classification", "transformers"))
    assert {"of-the-card", "license:apache-2.0", "safetensors"} <= set(found.tags), found.tags


@check(61, "model_info of an old revision")
def old(stage: Stage) -> None:
    found = stage.api.model_info(stage.zoo.id, revision=stage.zoo.first)
    same(found.sha, stage.zoo.first)
    assert "added.txt" not in {file.rfilename for file in found.siblings}

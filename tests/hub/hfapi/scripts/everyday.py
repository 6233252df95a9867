"""A person's day with the unmodified client. Run by `test_client.py` in a process of its own; an assertion that fails ends it."""

import io
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from huggingface_hub import (
    CommitOperationAdd,
    CommitOperationCopy,
    CommitOperationDelete,
    HfApi,
    HfFileSystem,
    hf_hub_download,
    snapshot_download,
)
from huggingface_hub.errors import EntryNotFoundError, HfHubHTTPError, RepositoryNotFoundError, RevisionNotFoundError

name, weights_file = sys.argv[1], Path(sys.argv[2])
weights = weights_file.read_bytes()
repo = f"{name}/tiny"
api, anonymous = HfApi(), HfApi(token=False)


def fails(kind: type[Exception], call, *arguments, status: int | None = None, **named):
    try:
        call(*arguments, **named)
    except kind as error:
        if status is not None and error.response.status_code != status:
            raise
        return
    raise AssertionError(f"{call} did not raise {kind.__name__}")


# repos
assert api.whoami()["name"] == name
assert api.create_repo(repo, private=False).repo_id == repo
fails(HfHubHTTPError, api.create_repo, repo, status=409)
assert api.create_repo(repo, exist_ok=True).repo_id == repo
fails(HfHubHTTPError, anonymous.create_repo, f"{name}/other", status=401)
assert api.repo_exists(repo)
assert not anonymous.repo_exists(f"{repo}x")
fails(RevisionNotFoundError, api.model_info, repo, revision="nope")

# uploads
readme = b"---\nlicense: mit\npipeline_tag: image-classification\n---\n# Tiny\n"
assert api.upload_file(path_or_fileobj=readme, path_in_repo="README.md", repo_id=repo).oid == api.model_info(repo).sha
fails(ValueError, api.upload_file, path_or_fileobj=b"---\na: [\n---\n", path_in_repo="README.md", repo_id=repo)
folder = Path(tempfile.mkdtemp())
(folder / "sub" / "deep").mkdir(parents=True)
(folder / "sub" / "deep" / "note.txt").write_text("hi")
(folder / "äö #%+&.txt").write_text("odd")
(folder / "junk.log").write_text("junk")
(folder / "config.json").write_text('{"model_type": "vit", "architectures": ["ViTForImageClassification"]}')
(folder / "model.safetensors").write_bytes(weights)
api.upload_folder(folder_path=folder, repo_id=repo, ignore_patterns="*.log")
files = {".gitattributes", "README.md", "config.json", "model.safetensors", "sub/deep/note.txt", "äö #%+&.txt"}
assert set(api.list_repo_files(repo)) == files
found = {entry.path: entry for entry in api.get_paths_info(repo, ["model.safetensors", "config.json", "sub", "nope"])}
assert set(found) == {"model.safetensors", "config.json", "sub"}
assert found["model.safetensors"].lfs.size == len(weights)
head = api.model_info(repo).sha
api.upload_folder(folder_path=folder, repo_id=repo, ignore_patterns="*.log")
assert api.model_info(repo).sha == head, "nothing changed, so there is no commit"
api.upload_file(path_or_fileobj=io.BytesIO(weights), path_in_repo="copy.safetensors", repo_id=repo)
api.upload_file(path_or_fileobj=b"", path_in_repo="empty.txt", repo_id=repo)
operations = [
    CommitOperationAdd("new.txt", b"new"), CommitOperationDelete("copy.safetensors"),
    CommitOperationCopy("model.safetensors", "sub/weights.safetensors"), CommitOperationCopy("config.json", "config2.json"),
]  # fmt: skip
api.create_commit(repo, operations, commit_message="Mix")
files |= {"empty.txt", "new.txt", "sub/weights.safetensors", "config2.json"}
assert set(api.list_repo_files(repo)) == files

# at the same time
head = api.model_info(repo).sha
api.create_commit(repo, [CommitOperationAdd("p.txt", b"1")], commit_message="First", parent_commit=head)
second = [CommitOperationAdd("p.txt", b"2")]
fails(HfHubHTTPError, api.create_commit, repo, second, commit_message="Second", parent_commit=head, status=412)
with ThreadPoolExecutor(4) as pool:
    list(pool.map(lambda k: api.upload_file(path_or_fileobj=b"x", path_in_repo=f"t{k}.txt", repo_id=repo), range(4)))
files |= {"p.txt", "t0.txt", "t1.txt", "t2.txt", "t3.txt"}
assert set(api.list_repo_files(repo)) == files
fails(EntryNotFoundError, api.delete_file, "nope", repo)
api.delete_file("t1.txt", repo)
api.delete_folder("sub/deep", repo)

# downloads
local = Path(hf_hub_download(repo, "model.safetensors", token=False))
assert local.read_bytes() == weights
assert Path(hf_hub_download(repo, "äö #%+&.txt")).read_text() == "odd"
assert Path(hf_hub_download(repo, "empty.txt")).read_bytes() == b""
fails(EntryNotFoundError, hf_hub_download, repo, "nope")
fails(RevisionNotFoundError, hf_hub_download, repo, "config.json", revision="nope")
fails(RepositoryNotFoundError, hf_hub_download, f"{repo}x", "config.json")
snapshot = Path(snapshot_download(repo, allow_patterns=["*.json", "*.safetensors"], local_dir=tempfile.mkdtemp()))
names = {path.name for path in snapshot.rglob("*") if path.is_file() and ".cache" not in path.parts}
assert names == {"config.json", "config2.json", "model.safetensors", "weights.safetensors"}
assert api.get_safetensors_metadata(repo).parameter_count == {
    "F32": (len(weights) - 8 - int.from_bytes(weights[:8], "little")) // 4
}
assert api.file_exists(repo, "config.json")
touched = {entry.path: entry.last_commit.title for entry in api.list_repo_tree(repo, recursive=True, expand=True)}
assert (touched["new.txt"], touched[".gitattributes"]) == ("Mix", "Initial commit")

# branches and tags
api.create_branch(repo, branch="feature/x")
fails(HfHubHTTPError, api.create_branch, repo, branch="feature/x", status=409)
api.create_branch(repo, branch="feature/x", exist_ok=True)
api.upload_file(path_or_fileobj=b"b", path_in_repo="b.txt", repo_id=repo, revision="feature/x")
assert Path(hf_hub_download(repo, "b.txt", revision="feature/x")).read_bytes() == b"b"
assert not api.file_exists(repo, "b.txt")
fails(RevisionNotFoundError, api.upload_file, path_or_fileobj=b"b", path_in_repo="b.txt", repo_id=repo, revision="nope")
api.create_tag(repo, tag="v1")
refs = api.list_repo_refs(repo, include_pull_requests=True)
assert [ref.name for ref in refs.branches] == ["feature/x", "main"]
assert [ref.name for ref in refs.tags] == ["v1"]
api.delete_tag(repo, tag="v1")
fails(RevisionNotFoundError, api.delete_tag, repo, tag="v1")
api.delete_branch(repo, branch="feature/x")
assert api.list_repo_commits(repo)[0].title.startswith("Delete folder")

# lists and file system
assert [model.id for model in api.list_models(author=name)] == [repo]
assert [
    model.id
    for model in api.list_models(search="TIN", pipeline_tag="image-classification", sort="created_at", full=True)
] == [repo]
files_here = HfFileSystem()
assert files_here.glob(f"{repo}/*.safetensors") == [f"{repo}/model.safetensors"]
with files_here.open(f"{repo}/model.safetensors") as file:
    file.seek(100)
    assert file.read(10) == weights[100:110]

# private, datasets, refusals
private = f"{name}/private"
api.create_repo(private, private=True)
api.upload_file(path_or_fileobj=weights_file, path_in_repo="model.safetensors", repo_id=private)
fails(RepositoryNotFoundError, anonymous.model_info, private)
api.update_repo_settings(private, private=False)
assert anonymous.model_info(private).id == private
api.create_repo(f"{name}/data", repo_type="dataset")
api.upload_file(
    path_or_fileobj=weights_file, path_in_repo="data/train.safetensors", repo_id=f"{name}/data", repo_type="dataset"
)
assert Path(hf_hub_download(f"{name}/data", "data/train.safetensors", repo_type="dataset")).read_bytes() == weights
pickle = b"\x80\x04\x95\x00\x00\x00\x00\x00\x00\x00\x00cos\nsystem\n."
fails(HfHubHTTPError, api.upload_file, path_or_fileobj=pickle, path_in_repo="bad.safetensors", repo_id=repo, status=422)
fails(HfHubHTTPError, api.upload_file, path_or_fileobj=b"x", path_in_repo="a", repo_id=repo, create_pr=True, status=501)
api.delete_repo(repo)
fails(RepositoryNotFoundError, api.delete_repo, repo)
api.delete_repo(repo, missing_ok=True)
again = hf_hub_download(private, "model.safetensors", force_download=True)
assert Path(again).read_bytes() == weights, "a blob that another repo shares outlives the repo"
print("all went well")

"""38 to 44, 50 and 51: files on their way down."""

import os
import subprocess
import sys
from pathlib import Path

from huggingface_hub import get_hf_file_metadata, hf_hub_download, hf_hub_url, snapshot_download
from huggingface_hub.errors import EntryNotFoundError, RepositoryNotFoundError, RevisionNotFoundError
from kit import Stage, check, git_sha1, refused, same, sha256


@check(38, "hf_hub_download of a regular file")
def regular(stage: Stage) -> None:
    path = hf_hub_download(stage.zoo.id, "config.json", token=stage.token)
    same(Path(path).read_bytes(), stage.zoo.files["config.json"])
    assert f"/snapshots/{stage.head(stage.zoo.id)}/" in path, path


@check(39, "hf_hub_download of weights")
def lfs(stage: Stage) -> None:
    from safetensors.numpy import load_file

    path = Path(hf_hub_download(stage.zoo.id, "model.safetensors", token=stage.token))
    same(path.resolve().name, sha256(stage.zoo.weights))
    same(set(load_file(path)), {"a.weight", "b.weight"})


@check(40, "get_hf_file_metadata")
def metadata(stage: Stage) -> None:
    for name, etag in (
        ("model.safetensors", sha256(stage.zoo.weights)),
        ("config.json", git_sha1(stage.zoo.files["config.json"])),
    ):
        found = get_hf_file_metadata(hf_hub_url(stage.zoo.id, name), token=stage.token)
        same((found.etag, found.size, found.commit_hash), (etag, len(stage.zoo.files[name]), stage.zoo.second))


@check(41, "download of a missing file")
def missing_entry(stage: Stage) -> None:
    with refused(404, kind=EntryNotFoundError):
        stage.api.hf_hub_download(stage.zoo.id, "nothing.json")
    same(stage.raw("HEAD", f"/{stage.zoo.id}/resolve/main/nothing.json").headers["X-Repo-Commit"], stage.zoo.second)


@check(42, "download from a missing revision or repo")
def missing_revision(stage: Stage) -> None:
    with refused(404, kind=RevisionNotFoundError):
        stage.api.hf_hub_download(stage.zoo.id, "config.json", revision="nothing")
    with refused(404, 401, kind=RepositoryNotFoundError):
        stage.api.hf_hub_download(f"{stage.name}/nothing-here", "config.json")


@check(43, "download by an old commit")
def old_commit(stage: Stage) -> None:
    same(stage.get(stage.zoo.id, "config.json", stage.zoo.first), stage.zoo.config)
    with refused(404, kind=EntryNotFoundError):
        stage.get(stage.zoo.id, "added.txt", stage.zoo.first)


@check(44, "file_exists")
def file_exists(stage: Stage) -> None:
    asked = [
        (stage.zoo.id, "config.json"),
        (stage.zoo.id, "nothing.json"),
        (f"{stage.name}/nothing-here", "config.json"),
    ]
    same([stage.api.file_exists(repo, path) for repo, path in asked], [True, False, False])


@check(50, "snapshot_download with patterns")
def patterns(stage: Stage) -> None:
    root = Path(
        snapshot_download(
            stage.zoo.id, token=stage.token, cache_dir=stage.folder / "patterns", allow_patterns=["*.json", "*.txt"], ignore_patterns=["sub/deep/*"]
        )
    )  # fmt: skip
    same(
        {str(path.relative_to(root)) for path in root.rglob("*") if path.is_file()},
        {"config.json", "sub/data.json", "added.txt"},
    )


@check(51, "snapshot_download to a folder, and offline")
def offline(stage: Stage) -> None:
    local = Path(snapshot_download(stage.zoo.id, token=stage.token, local_dir=stage.folder / "local"))
    for name, content in stage.zoo.files.items():
        same((local / name).read_bytes(), content)
    cached = snapshot_download(stage.zoo.id, token=stage.token)
    code = f"from huggingface_hub import snapshot_download; print(snapshot_download({stage.zoo.id!r}))"
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "HF_HUB_OFFLINE": "1"},
        capture_output=True,
        text=True,
        timeout=60,
    )
    same(done.stdout.strip(), cached)

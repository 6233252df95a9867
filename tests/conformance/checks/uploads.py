"""14 to 22 and 34 to 37: files on their way up."""

import os
import random
import subprocess
import sys
from pathlib import Path

from kit import CARD, IS_2, NotApplicable, Stage, check, git_sha1, pointer, refused, same, sha256, weights

UPLOAD = (
    "import sys; from huggingface_hub import upload_file; "
    "upload_file(path_or_fileobj=sys.argv[1], path_in_repo=sys.argv[2], repo_id=sys.argv[3])"
)
BIG_MB = 12


@check(14, "upload_file of a README")
def readme(stage: Stage) -> None:
    repo = stage.fresh()
    done = stage.api.upload_file(
        path_or_fileobj=CARD.format(tag="one").encode(), path_in_repo="README.md", repo_id=repo
    )
    same(stage.head(repo), done.oid)


@check(15, "a README with broken YAML")
def broken_readme(stage: Stage) -> None:
    repo = stage.fresh()
    before = stage.head(repo)
    with refused(kind=ValueError):
        stage.api.upload_file(path_or_fileobj=b"---\nlicense: [\n---\n", path_in_repo="README.md", repo_id=repo)
    same(stage.head(repo), before)


@check(16, "upload_folder with an ignore pattern")
def folder(stage: Stage) -> None:
    repo = stage.fresh()
    root = stage.folder / "model"
    for name, content in {
        "config.json": b"{}", "model.safetensors": weights(2), "a/b/c.txt": b"c", "a/skip.log": b"no", "skip.log": b"no",
    }.items():  # fmt: skip
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(content)
    stage.api.upload_folder(repo_id=repo, folder_path=root, ignore_patterns=["*.log"])
    same(stage.files(repo), {"config.json", "model.safetensors", "a/b/c.txt"})
    same(stage.get(repo, "model.safetensors"), weights(2))


@check(17, "get_paths_info of an LFS file")
def lfs_info(stage: Stage) -> None:
    (found,) = stage.api.get_paths_info(stage.zoo.id, ["model.safetensors"])
    text = pointer(stage.zoo.weights)
    same(
        (found.lfs.sha256, found.lfs.size, found.lfs.pointer_size),
        (sha256(stage.zoo.weights), len(stage.zoo.weights), len(text)),
    )
    same(found.blob_id, git_sha1(text))


@check(18, "get_paths_info of a regular file")
def regular_info(stage: Stage) -> None:
    content = stage.zoo.files["config.json"]
    (found,) = stage.api.get_paths_info(stage.zoo.id, "config.json")
    same((found.lfs, found.blob_id, found.size), (None, git_sha1(content), len(content)))


@check(19, "the same files again change nothing")
def unchanged(stage: Stage) -> None:
    repo = stage.fresh({"config.json": b"{}"})
    path = stage.write("model.safetensors", weights(3))
    stage.api.upload_file(path_or_fileobj=path, path_in_repo="model.safetensors", repo_id=repo)
    before = stage.head(repo)
    stage.api.upload_file(path_or_fileobj=path, path_in_repo="model.safetensors", repo_id=repo)
    stage.api.upload_file(path_or_fileobj=b"{}", path_in_repo="config.json", repo_id=repo)
    same(stage.head(repo), before)


@check(20, "upload_file of a stream")
def stream(stage: Stage) -> None:
    from io import BytesIO

    repo = stage.fresh()
    stage.api.upload_file(path_or_fileobj=BytesIO(weights(4)), path_in_repo="model.safetensors", repo_id=repo)
    (found,) = stage.api.get_paths_info(repo, ["model.safetensors"])
    same(found.lfs.sha256, sha256(weights(4)))
    same(stage.get(repo, "model.safetensors"), weights(4))


@check(21, "an empty file with a weight suffix")
def empty(stage: Stage) -> None:
    repo = stage.fresh()
    path = stage.write("empty.onnx", b"")
    stage.api.upload_file(path_or_fileobj=path, path_in_repo="empty.onnx", repo_id=repo)
    (found,) = stage.api.get_paths_info(repo, ["empty.onnx"])
    same((found.lfs, found.size, stage.get(repo, "empty.onnx")), (None, 0, b""))


@check(22, "a path with accents, spaces and # % + &")
def odd_path(stage: Stage) -> None:
    repo, path = stage.fresh(), "été/a b#c%20d+e&f.txt"
    stage.api.upload_file(path_or_fileobj=b"odd", path_in_repo=path, repo_id=repo)
    assert path in stage.files(repo)
    same(stage.get(repo, path), b"odd")


def _round_trip(stage: Stage, **environment: str) -> None:
    repo = stage.fresh()
    content = random.Random(f"{stage.run_name}{environment}").randbytes(BIG_MB * 2**20)
    path = stage.write("big.arrow", content)
    command = [sys.executable, "-c", UPLOAD, path, "big.arrow", repo]
    done = subprocess.run(
        command, env={**os.environ, "HF_TOKEN": stage.token, **environment}, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr[-800:]
    same(sha256(stage.get(repo, "big.arrow")), sha256(content))


@check(34, f"{BIG_MB} MB in the default environment")
def default_way(stage: Stage) -> None:
    _round_trip(stage)


@check(35, f"{BIG_MB} MB with HF_HUB_DISABLE_XET=1")
def without_xet(stage: Stage) -> None:
    _round_trip(stage, HF_HUB_DISABLE_XET="1")


@check(36, "the same bytes under another name")
def same_bytes(stage: Stage) -> None:
    repo = stage.fresh()
    path = stage.write("model.safetensors", weights(5, 200_000))
    for name in ("one.safetensors", "two.safetensors"):
        stage.api.upload_file(path_or_fileobj=path, path_in_repo=name, repo_id=repo)
    found = stage.api.get_paths_info(repo, ["one.safetensors", "two.safetensors"])
    same({one.lfs.sha256 for one in found}, {sha256(Path(path).read_bytes())})
    same(stage.get(repo, "two.safetensors"), Path(path).read_bytes())


@check(37, "upload_large_folder")
def large_folder(stage: Stage) -> None:
    if IS_2:
        raise NotApplicable("this client has no such call any more")
    repo, root = stage.fresh(), stage.folder / "large"
    (root / "sub").mkdir(parents=True)
    for number in range(5):
        (root / f"sub/{number}.safetensors").write_bytes(weights(100 + number))
        (root / f"{number}.json").write_text(str(number))
    stage.api.upload_large_folder(repo_id=repo, folder_path=root, repo_type="model", num_workers=2, print_report=False)
    same(stage.files(repo), {f"sub/{n}.safetensors" for n in range(5)} | {f"{n}.json" for n in range(5)})

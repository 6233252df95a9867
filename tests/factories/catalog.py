"""Repos and their files, made through the services people use. No torch: a safetensors file is a few bytes of JSON and zeros."""

import json
import struct
from collections.abc import Mapping
from typing import Any

from hub.accounts.models import User
from hub.blobs.models import Blob
from hub.blobs.services import blob_put
from hub.catalog.models import Commit, Repo
from hub.catalog.operations import AddFile
from hub.catalog.services import commit_create, repo_create

CARD = "---\nlicense: apache-2.0\npipeline_tag: image-classification\nlibrary_name: transformers\n---\n# A model\n\nMade for a test.\n"


def weights(*, fill: int = 0, tensors: Mapping[str, tuple[int, ...]] | None = None) -> bytes:
    """A valid safetensors file of float32 tensors; `fill` makes contents differ."""
    header: dict[str, Any] = {}
    place = 0
    for name, shape in sorted((tensors or {"layer.weight": (4, 2), "layer.bias": (4,)}).items()):
        size = 4
        for axis in shape:
            size *= axis
        header[name] = {"dtype": "F32", "shape": list(shape), "data_offsets": [place, place + size]}
        place += size
    text = json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + bytes([fill]) * place


def card(**front: Any) -> str:
    """A README with this front matter."""
    lines = [f"{name}: {json.dumps(value)}" for name, value in front.items()]
    return "---\n" + "\n".join(lines) + "\n---\n# A model\n\nMade for a test.\n"


def make_blob(user: User, content: bytes | str) -> Blob:
    return blob_put(chunks=[content.encode() if isinstance(content, str) else content], user=user)


def add(user: User, path: str, content: bytes | str) -> AddFile:
    return AddFile(path, make_blob(user, content), is_lfs=path.endswith((".safetensors", ".parquet")))


def make_commit(
    repo: Repo,
    user: User,
    files: Mapping[str, bytes | str],
    *,
    branch: str = "main",
    title: str = "Add files",
    **rest: Any,
) -> Commit:
    return commit_create(
        repo=repo, branch=branch, user=user, title=title, operations=[add(user, path, content) for path, content in files.items()], **rest
    )  # fmt: skip


def make_repo(
    user: User, name: str = "model", *, files: Mapping[str, bytes | str] | None = None, namespace: str = "", type: str = "model",
    visibility: str = "public",
) -> Repo:  # fmt: skip
    """A repo with its initial commit, and one more when `files` are given."""
    repo = repo_create(user=user, type=type, namespace=namespace or user.username, name=name, visibility=visibility)
    if files is not None:
        make_commit(repo, user, files)
    return repo


def make_model(
    user: User, name: str = "model", *, fill: int = 0, visibility: str = "public", readme: str = CARD, **rest: Any
) -> Repo:
    """Weights, config and card: what the catalogue takes for a model."""
    config = {"architectures": ["ViTForImageClassification"], "model_type": "vit"}
    files = {"model.safetensors": weights(fill=fill), "config.json": json.dumps(config), "README.md": readme}
    return make_repo(user, name, files=files, visibility=visibility, **rest)

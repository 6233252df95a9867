"""A small zoo for tests of the API, put in through the services that pushes use."""

import json
from collections.abc import Mapping

import numpy as np
from safetensors.numpy import save

from hub.accounts.models import User
from hub.blobs.services import blob_put
from hub.catalog.models import Commit, Repo
from hub.catalog.operations import AddFile
from hub.catalog.services import commit_create, repo_create

CONFIG = {
    "architectures": ["ViTForImageClassification"],
    "model_type": "vit",
    "hidden_size": 4,
    "id2label": {"0": "a", "1": "b"},
}
CARD = "---\nlicense: apache-2.0\nlibrary_name: transformers\npipeline_tag: image-classification\n{more}---\n# {title}\n\nMade for a test.\n"


def weights(width: int = 4, *, seed: int = 0) -> bytes:
    generator = np.random.default_rng(seed)
    tensors = {f"layer.{index}.weight": generator.normal(size=(width, width)).astype("float32") for index in range(3)}
    return save(tensors, metadata={"format": "pt"})


def make_repo(
    user: User,
    full_name: str,
    *,
    files: Mapping[str, bytes],
    type: str = "model",
    visibility: str = "public",
    title: str = "Upload",
) -> tuple[Repo, Commit]:
    namespace, _, name = full_name.partition("/")
    repo = repo_create(user=user, type=type, namespace=namespace, name=name, visibility=visibility)
    added = [
        AddFile(path, blob_put(chunks=[content], user=user), is_lfs=path.endswith(".safetensors"))
        for path, content in files.items()
    ]
    commit = commit_create(repo=repo, branch="main", user=user, operations=added, title=title)
    repo.refresh_from_db()
    return repo, commit


def make_model(
    user: User, full_name: str, *, width: int = 4, seed: int = 0, base: str = "", visibility: str = "public"
) -> tuple[Repo, Commit]:
    card = CARD.format(title=full_name, more=f"base_model: {base}\n" if base else "")
    files = {
        "config.json": json.dumps(CONFIG).encode(),
        "model.safetensors": weights(width, seed=seed),
        "README.md": card.encode(),
    }
    return make_repo(user, full_name, files=files, visibility=visibility)


def make_dataset(user: User, full_name: str, *, rows: int = 5, visibility: str = "public") -> tuple[Repo, Commit]:
    content = save({
        "images": np.zeros((rows, 1, 8, 8), "float32"), "labels": np.arange(rows, dtype="int64") % 2, "index": np.arange(rows, dtype="int64"),
    })  # fmt: skip
    card = b"---\nlicense: cc-by-4.0\n---\n# Data\n"
    files = {"data/test.safetensors": content, "README.md": card}
    return make_repo(user, full_name, files=files, type="dataset", visibility=visibility)

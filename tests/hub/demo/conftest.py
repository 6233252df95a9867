"""A zoo of tiny models that nobody trained: what the loader reads, without the minute it takes to make it."""

import json
from pathlib import Path

import pytest
from safetensors.numpy import save_file

from hub.accounts.models import User
from tests.builders import vit_folder
from tests.factories.accounts import make_user
from workers.contracts.manifests import Manifest
from workers.engine.data.digits import domain_split

DATA = ("digits-clean", "digits-noisy")
TUNED = ("digits-vit-noisy", "digits-vit-rotated")
SEEDS = (0, 1)


@pytest.fixture
def quiet_bells(monkeypatch):
    from hub.jobs import bell

    monkeypatch.setattr(bell, "_send", lambda name, args, queue: None)


@pytest.fixture
def admin(transactional_db, quiet_bells) -> User:
    return make_user("root", is_admin=True)


@pytest.fixture(scope="session")
def zoo_cache(tmp_path_factory) -> Path:
    cache = tmp_path_factory.mktemp("zoo")
    for name in DATA:
        (cache / name / "data").mkdir(parents=True)
        images, labels, index = (array[:40] for array in domain_split(name.removeprefix("digits-"), "test"))
        save_file({"images": images, "labels": labels, "index": index}, cache / name / "data" / "test.safetensors")
        (cache / name / "README.md").write_text("---\nlicense: cc-by-4.0\n---\n# Digits\n")
    models = []
    for seed in SEEDS:
        branches = ["main", "seed-0"] if seed == 0 else [f"seed-{seed}"]
        models.append(_model(cache, "digits-vit-base", seed, branches, None, [("dataset", DATA[0], 0, "trained_on")]))
        for number, name in enumerate(TUNED):
            parents = [("model", "digits-vit-base", seed, "finetune_of"), ("dataset", DATA[0], 0, "trained_on")]
            models.append(_model(cache, name, seed, branches, number, parents))
    document = {
        "schema": 1, "namespace": "demo", "seeds": list(SEEDS), "models": models,
        "datasets": [{"name": name, "folder": name} for name in DATA],
        "merge": {"name": "digits-merged", "recipes": {str(seed): _recipe(seed) for seed in SEEDS}, "section": "\n## How it was chosen\n"},
        "compared": ["digits-vit-base", *TUNED], "also_measured": [], "sweep": [{"settings": {"method": "linear"}, "seeds": [0.5, 0.5], "mean": 0.5}],
    }  # fmt: skip
    (cache / "zoo.json").write_text(json.dumps(document))
    return cache


@pytest.fixture
def zoo(zoo_cache) -> dict:
    return json.loads((zoo_cache / "zoo.json").read_text())


def _model(cache, name, seed, branches, finetune, parents):
    folder = vit_folder(cache / f"{name}-{seed}", seed=seed, finetune=finetune, layers=1)
    manifest = Manifest(artifact="model", kind="train", tensor_digest=f"{name}{seed}")
    (folder / "genepool.json").write_text(manifest.model_dump_json(by_alias=True))
    keys = ("type", "name", "seed", "relation")
    parents = [dict(zip(keys, parent, strict=True)) for parent in parents]
    return {"name": name, "seed": seed, "branches": branches, "folder": folder.name, "parents": parents}


def _recipe(seed):
    return {
        "kind": "merge", "method": "linear", "sources": [{"model": f"demo/{name}@seed-{seed}", "weight": 1.0} for name in TUNED],
        "dtype": "float32", "seed": seed,
    }  # fmt: skip

"""Adapters and task vectors are measured on their base, which need not be named."""

import json

import pytest
import torch
from safetensors.torch import save_file

from hub.jobs.services import worker_seen
from hub.recipes.services import recipe_check, recipe_submit
from tests.builders import model_folder, vit_config, vit_state
from tests.factories.accounts import make_user
from tests.factories.jobs import make_repo

pytestmark = pytest.mark.django_db
DOCUMENT = {"kind": "evaluate", "models": ["alice/vector"], "data": [{"data": "builtin:digits"}]}


@pytest.fixture
def vector(tmp_path):
    """(Alice, folder of a base, repo of a task vector for alice/base)."""
    alice = make_user("alice")
    folder = tmp_path / "vector"
    folder.mkdir()
    save_file({"classifier.bias": torch.ones(10)}, folder / "task_vector.safetensors", {"format": "pt"})
    (folder / "genepool.json").write_text(json.dumps({"schema": 1, "artifact": "task_vector"}))
    (folder / "README.md").write_text("---\nlicense: apache-2.0\nbase_model: alice/base\n---\n# Vector\n")
    base = model_folder(
        tmp_path / "base", vit_state(), config=vit_config(), readme="---\nlicense: apache-2.0\n---\n# Base\n"
    )
    return alice, base, make_repo(alice, "vector", folder=folder, visibility="public")


def test_the_base_goes_in_beside_the_entry(vector):
    alice, base, _ = vector
    make_repo(alice, "base", folder=base)
    job, _ = recipe_submit(user=alice, document=DOCUMENT)
    held = {(item["role"], item["index"]): item["facts"]["repo"] for item in job.request["inputs"]}
    assert held["model", 0] == "alice/vector"
    assert held["base", 0] == "alice/base"


def test_a_base_that_one_may_not_see_is_not_there(vector):
    alice, base, _ = vector
    make_repo(alice, "base", folder=base, visibility="private")
    report = recipe_check(user=make_user("charlie"), document=DOCUMENT)
    assert [finding.code for finding in report.check.findings if finding.severity == "error"] == [
        "adapter_base_missing"
    ]


def test_what_runs_models_goes_to_a_gpu_where_there_is_one(vector):
    alice, base, _ = vector
    make_repo(alice, "base", folder=base)
    worker_seen(name="gpu@there/0", host="there", queues=["gpu"], device="H100", vram_bytes=80 * 2**30)
    job, _ = recipe_submit(user=alice, document=DOCUMENT)
    assert (job.queue, job.request["device"]) == ("gpu", "cuda")

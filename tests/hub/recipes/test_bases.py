"""Adapters and task vectors are measured on their base, which need not be named."""

import json

import pytest
import torch
from safetensors.torch import save_file

from hub.catalog.models import LineageEdge
from hub.catalog.selectors import commit_resolve
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


def learned(user, **changes):
    """What an evaluation of alice/vector reads beside what its recipe names: (reference without commit, models)."""
    job, _ = recipe_submit(user=user, document=DOCUMENT | changes, force=True)
    read = [item for item in job.request["inputs"] if item["role"] == "trained"]
    return [(item["reference"].partition("@")[0], item["of"]) for item in read]


def test_data_that_a_model_or_its_base_was_trained_on_goes_in_to_be_compared(vector):
    """As far as the asker may read it, and not where it is what is measured."""
    alice, base, entry = vector
    bob = make_user("bob")
    base_repo = make_repo(alice, "base", folder=base, visibility="public")
    mine, open_data = (
        make_repo(alice, name, type="dataset", visibility=held)
        for name, held in (("mine", "private"), ("open", "public"))
    )
    for child, names in ((entry, ["alice/mine", "builtin:digits"]), (base_repo, ["alice/open", "gone/data"])):
        repos = {repo.full_name: repo for repo in (mine, open_data)}
        for place, name in enumerate(names):
            repo = repos.get(name)
            LineageEdge.objects.create(
                child=commit_resolve(child, "main"), parent_repo=repo, parent_name=name, relation="trained_on",
                parent_commit=repo.head if repo is not None else "", position=place, state="recorded",
            )  # fmt: skip
    assert sorted(learned(alice)) == [("alice/mine", [0]), ("alice/open", [0])]
    assert learned(bob) == [("alice/open", [0])]
    twice = [{"data": "builtin:digits"}, {"data": "builtin:digits", "split": "validation"}]
    assert "builtin:digits" not in dict(learned(alice, data=twice))

"""Models with an adapter on them in a hub's recipes: both are inputs, with their rights, commits and licences."""

import json

import pytest
import torch
from safetensors.torch import save_file

from hub.catalog.models import Repo
from hub.catalog.selectors import commit_resolve
from hub.recipes.services import recipe_check
from tests.factories.jobs import make_repo

pytestmark = pytest.mark.django_db


@pytest.fixture
def adapter(alice, family, tmp_path):
    """alice/lora: on the first matrix of alice/base."""
    name, fact = next(
        (name, tuple(tensor.shape)) for name, tensor in _state(tmp_path / "base").items() if tensor.dim() == 2
    )
    folder = tmp_path / "lora"
    folder.mkdir()
    key = f"base_model.model.{name.removesuffix('.weight')}"
    state = {f"{key}.lora_A.weight": torch.ones(2, fact[1]), f"{key}.lora_B.weight": torch.ones(fact[0], 2)}
    save_file(state, folder / "adapter_model.safetensors", {"format": "pt"})
    config = {"peft_type": "LORA", "r": 2, "lora_alpha": 4, "base_model_name_or_path": "alice/base"}
    (folder / "adapter_config.json").write_text(json.dumps(config))
    (folder / "README.md").write_text("---\nlicense: cc-by-nc-4.0\nbase_model: alice/base\n---\n")
    return make_repo(alice, "lora", visibility="public", folder=folder)


def _state(folder):
    from safetensors.torch import load_file

    return load_file(folder / "model.safetensors")


def pair(document, **more):
    return document(
        sources=[{"model": "alice/base", "adapter": "alice/lora@main", "density": 0.5, **more}, {"model": "alice/two"}]
    )


def test_the_adapter_is_an_input_of_its_own(alice, family, adapter, document):
    report = recipe_check(user=alice, document=pair(document))
    assert report.check.plan is not None, report.check.findings
    assert [(item.position, item.model, item.adapter) for item in report.check.plan.adapted] == [(1, 1, 3)]
    assert [(entry.role, entry.index, entry.text) for entry in report.inputs] == [
        ("base", 0, "alice/base"), ("source", 0, "alice/base"), ("source", 1, "alice/two"), ("adapter", 0, "alice/lora@main"),
    ]  # fmt: skip
    assert report.inputs[3].commit == commit_resolve(adapter, "main")
    assert "NC" in report.check.licence.licence


def test_an_adapter_one_may_not_see_is_not_there(charlie, family, adapter, document):
    Repo.objects.filter(pk=adapter.pk).update(visibility="private")
    report = recipe_check(user=charlie, document=pair(document) | {"output": {"repo": "charlie/merged"}})
    (found,) = [finding for finding in report.check.findings if finding.code == "not_found"]
    assert "alice/lora" in found.message
    assert report.check.plan is None


def test_a_hub_takes_neither_folders_nor_addresses(alice, family, adapter, document):
    for place in ("/etc", "../lora", "http://127.0.0.1:1/alice/lora", "https://host/alice/lora@main"):
        report = recipe_check(user=alice, document=pair(document, adapter=place))
        assert "bad_reference" in [finding.code for finding in report.check.findings]

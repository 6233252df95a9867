"""What is found in a combination of adapters before anything is read, and the repairs."""

import pytest

from tests.adapters import adapter_folder
from tests.workers.engine.merge.adapter_runs import checked
from workers.planning.folder import facts_of_folder
from workers.planning.lora import LoraError, lora_of


@pytest.fixture
def one(tmp_path):
    return adapter_folder(tmp_path / "one", seed=0)


def found(result, code):
    (only,) = [finding for finding in result.findings if finding.code == code]
    return only


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ({"more": {"use_dora": True}}, "dora"),
        ({"more": {"lora_bias": True}}, "lora_bias"),
        ({"more": {"peft_type": "IA3"}}, "not_lora"),
        ({"more": {"base_model_name_or_path": "demo/other"}}, "adapter_elsewhere"),
        ({"more": {"r": 9}}, "adapter_inconsistent"),
        ({"more": {"lora_alpha": None}}, "adapter_inconsistent"),
        ({"more": {"alpha_pattern": {"(a+)+$": 1}}}, "pattern_unreadable"),
        ({"more": {"rank_pattern": 3}}, "adapter_inconsistent"),
    ],
)
def test_adapters_that_cannot_be_combined_are_refused(options, code, one, tmp_path):
    other = adapter_folder(tmp_path / "other", seed=1, **options)
    if code == "adapter_elsewhere":
        (other / "README.md").write_text("---\nbase_model: demo/other\n---\n")
        code = "other_base"
    result = checked([one, other], "cat")
    entry = found(result, code)
    assert (entry.severity, entry.where, result.plan) == ("error", "sources[1]", None)
    assert entry.repair[0].patch[0]["path"] == "/sources/1"


def test_other_shapes_are_refused(one, tmp_path, monkeypatch):
    monkeypatch.setitem(__import__("tests.adapters").adapters.LINEAR, "first", (13, 10))
    other = adapter_folder(tmp_path / "other", seed=1)
    assert "first" in found(checked([one, other], "svd"), "shape_mismatch").message


def test_unequal_ranks_are_refused_where_factors_are_added(one, tmp_path):
    other = adapter_folder(tmp_path / "other", seed=1, rank=3)
    entry = found(checked([one, other], "ties"), "rank_mismatch")
    assert [repair.patch[0]["value"] for repair in entry.repair] == ["adapter_ties_svd", "adapter_cat"]
    assert checked([one, other], "ties_svd").plan is not None


def test_modules_that_only_one_changes_are_told(one, tmp_path):
    other = adapter_folder(tmp_path / "other", seed=1, modules=("first",))
    result = checked([one, other], "cat")
    assert "3 modules" in found(result, "modules_missing").message
    assert result.plan.config["rank_pattern"] == {"first": 8}


def test_rslora_is_told_and_read(one, tmp_path):
    other = adapter_folder(tmp_path / "other", seed=1, more={"use_rslora": True})
    assert found(checked([one, other], "cat"), "rslora").severity == "info"
    assert {module.scaling for module in lora_of(facts_of_folder(other)).modules.values()} == {3.0}


def test_a_whole_model_is_no_adapter(one, tmp_path):
    from tests.builders import mlp_state, model_folder

    model = model_folder(tmp_path / "model", mlp_state())
    assert found(checked([one, model], "cat"), "wrong_artifact").where == "sources[1]"


def test_patterns_fit_the_end_of_a_name_as_in_peft(tmp_path):
    folder = adapter_folder(tmp_path / "p", seed=0, alphas={"irst": 1.0, r"s.*d": 8.0})
    scalings = {name: module.scaling for name, module in lora_of(facts_of_folder(folder)).modules.items()}
    assert (scalings["first"], scalings["second"]) == (1.5, 2.0)


def test_a_factor_without_its_partner_is_refused(one):
    from safetensors.torch import load_file, save_file

    path = one / "adapter_model.safetensors"
    state = load_file(path)
    del state["base_model.model.first.lora_B.weight"]
    save_file(state, path)
    with pytest.raises(LoraError, match="without"):
        lora_of(facts_of_folder(one))


@pytest.mark.parametrize(("key", "codes"), [("words.base_layer.weight", []), ("words.weight", ["whole_module_twice"])])
def test_the_bases_own_embeddings_may_lie_in_every_adapter(key, codes, tmp_path):
    import torch

    folders = [
        adapter_folder(tmp_path / f"a{seed}", seed=seed, modules=("words",), whole={key: torch.ones(20, 8)})
        for seed in range(2)
    ]
    result = checked(folders, "cat")
    assert [entry.code for entry in result.findings if entry.severity == "error"] == codes
    assert (result.plan is None) == bool(codes)

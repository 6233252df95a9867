"""Training: what it leaves, and that a resumed run is the undisturbed one."""

import json
import shutil

import pytest
import torch
from safetensors.torch import load_file, save_file

from tests.workers.jobs.digits import ARCHITECTURE, entry, train_request
from tests.workers.jobs.ports import fake_ports
from workers.contracts.errors import Cancelled, UserError
from workers.contracts.manifests import Manifest
from workers.jobs import train


def run(root, request, folders, **options):
    ports = fake_ports(root, request, folders, **options)
    return train.run(ports), ports


def test_leaves_a_checkpoint_that_transformers_loads(trained):
    from transformers import AutoModelForImageClassification

    model = AutoModelForImageClassification.from_pretrained(trained, local_files_only=True)
    assert type(model).__name__ == "ViTForImageClassification"
    assert model.config.id2label[3] == "3"
    assert model(pixel_values=torch.zeros(2, 1, 8, 8)).logits.shape == (2, 10)


def test_learns(clean, tmp_path):
    result, ports = run(tmp_path, train_request(clean, epochs=8), {("data", 0): clean})
    losses = result.report["losses"]
    assert losses[-1] < losses[0] - 0.2
    assert result.report["findings"] == []
    shown = [[step, value] for _, name, step, value in ports.reporter.of("metric") if name == "loss"]
    assert shown == [[step, means["loss"]] for step, means in result.report["curve"]]
    assert shown[-1][0] == 24
    assert (result.metrics["kept_step"], result.metrics["training_loss"]) == (24, losses[-1])
    told = {name for _, name, _, _ in ports.reporter.of("metric")}
    assert told >= {"loss", "learning_rate", "eta_s", "examples_per_s", "kept_step"}


def test_same_recipe_gives_the_same_bytes(clean, trained, tmp_path):
    run(tmp_path, train_request(clean), {("data", 0): clean})
    for name in ("model.safetensors", "config.json", "genepool.json", "README.md", "recipe.yaml"):
        assert (tmp_path / "out" / name).read_bytes() == (trained / name).read_bytes(), name


def test_another_seed_gives_other_weights(clean, trained, tmp_path):
    run(tmp_path, train_request(clean, seed=6), {("data", 0): clean})
    assert (tmp_path / "out" / "model.safetensors").read_bytes() != (trained / "model.safetensors").read_bytes()


@pytest.mark.parametrize("at", [1, 3, 4, 5, 9])
def test_resumed_run_ends_with_the_same_bytes_and_curve(clean, trained, tmp_path, at):
    """Three steps an epoch: stopped in the first, at its end, in the second, and in the last step of all."""
    with pytest.raises(Cancelled):
        run(tmp_path, train_request(clean), {("data", 0): clean}, cancel_at=at)
    result, ports = run(tmp_path, train_request(clean), {("data", 0): clean})
    undisturbed = json.loads((trained / "report.json").read_text())
    # The state after an epoch is journalled once the epoch is over, that of a step before its end is told.
    assert result.resumed_units == (at if at % 3 else at - 1)
    assert ports.reporter.of("checkpoint")
    assert (tmp_path / "out" / "model.safetensors").read_bytes() == (trained / "model.safetensors").read_bytes()
    assert result.report["losses"] == undisturbed["losses"]
    assert result.report["curve"] == undisturbed["curve"]


def test_journal_of_another_recipe_is_not_taken_up(clean, tmp_path):
    run(tmp_path, train_request(clean, epochs=1), {("data", 0): clean})
    result, _ = run(tmp_path, train_request(clean, epochs=2), {("data", 0): clean})
    assert result.resumed_units == 0


def test_torn_journal_is_not_taken_up(clean, trained, tmp_path):
    run(tmp_path, train_request(clean), {("data", 0): clean})
    journal = tmp_path / "journal" / "train.safetensors"
    journal.write_bytes(journal.read_bytes()[:-100])
    result, _ = run(tmp_path, train_request(clean), {("data", 0): clean})
    assert result.resumed_units == 0
    assert (tmp_path / "out" / "model.safetensors").read_bytes() == (trained / "model.safetensors").read_bytes()


def test_model_that_answers_with_nan_itself_is_not_blamed_on_the_learning_rate(clean, trained, tmp_path):
    """Weights with NaN are named; weights that are finite and too large are told of as such."""
    broken = shutil.copytree(trained, tmp_path / "broken")
    tensors = load_file(broken / "model.safetensors")
    tensors["vit.layernorm.weight"][3] = float("nan")
    save_file(tensors, broken / "model.safetensors", {"format": "pt"})
    for model, changes, code in (
        (broken, {"architecture": None, "model": "alice/base"}, "weights_not_finite"),
        (broken, {"architecture": None, "model": "alice/base", "lora": {"rank": 2}}, "weights_not_finite"),
        (None, {"architecture": {**ARCHITECTURE, "initializer_range": 1e30}}, "output_not_finite"),
    ):
        request = train_request(clean, **changes)
        if model is not None:
            request = request.model_copy(update={"inputs": (*request.inputs, entry("model", 0, "alice/base", model))})
        with pytest.raises(UserError) as caught:
            run(tmp_path / "run", request, {("data", 0): clean, ("model", 0): model})
        (finding,) = caught.value.findings
        assert (finding.code, finding.stage, finding.where) == (code, "run", "model")
        assert not finding.repair
        assert ("vit.layernorm.weight" in finding.message) == (model is not None)


def test_adapter_is_a_stock_peft_checkpoint(trained, adapter):
    from peft import PeftModel
    from transformers import AutoModelForImageClassification

    base = AutoModelForImageClassification.from_pretrained(trained, local_files_only=True)
    model = PeftModel.from_pretrained(base, str(adapter))
    assert model(pixel_values=torch.zeros(1, 1, 8, 8)).logits.shape == (1, 10)
    config = json.loads((adapter / "adapter_config.json").read_text())
    assert config["base_model_name_or_path"] == "alice/base"
    assert config["revision"] == "0" * 40
    assert config["target_modules"] == sorted(config["target_modules"])
    assert not any(name.startswith("vit.") for name in load_file(adapter / "adapter_model.safetensors"))


def test_adapter_leaves_its_base_as_it_was_and_says_so(adapter):
    manifest = Manifest.model_validate_json((adapter / "genepool.json").read_text())
    assert manifest.artifact == "adapter"
    assert [(parent.repo, parent.relation) for parent in manifest.parents] == [
        ("alice/base", "adapter_of"),
        ("demo/clean", "trained_on"),
    ]


def test_full_fine_tune_starts_at_its_model(clean, noisy, trained, tmp_path):
    request = train_request(
        clean,
        architecture=None,
        model="alice/base",
        learning_rate=1e-9,
        epochs=1,
        data=[{"data": "demo/noisy", "split": "train"}],
    )
    request = request.model_copy(
        update={"inputs": (entry("model", 0, "alice/base", trained), entry("data", 0, "demo/noisy", noisy))}
    )
    run(tmp_path, request, {("model", 0): trained, ("data", 0): noisy})
    before, after = load_file(trained / "model.safetensors"), load_file(tmp_path / "out" / "model.safetensors")
    assert before.keys() == after.keys()
    assert all(torch.allclose(before[name], after[name], atol=1e-6) for name in before)


def test_several_datasets_are_one_after_the_other(clean, noisy, tmp_path):
    request = train_request(
        clean, data=[{"data": "demo/clean", "split": "train"}, {"data": "demo/noisy", "split": "train"}], epochs=1
    )
    result, _ = run(tmp_path, request, {("data", 0): clean, ("data", 1): noisy})
    assert result.report["examples"] == 192
    assert [row["data"] for row in result.report["validation"]] == ["demo/clean", "demo/noisy"]


def test_no_licence_is_assumed(trained, adapter):
    assert "license" not in (trained / "README.md").read_text()
    assert "license" not in (adapter / "README.md").read_text()


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"architecture": None}, "nothing_to_train"),
        ({"architecture": {"model_type": "no_such_thing"}}, "unknown_architecture"),
        ({"architecture": {**ARCHITECTURE, "hidden_size": -4}}, "architecture_unusable"),
        ({"architecture": {**ARCHITECTURE, "id2label": {"one": "1"}}}, "architecture_unusable"),
        ({"architecture": {"model_type": "gpt2"}}, "task_missing"),
        ({"architecture": {"model_type": "gpt2"}, "task": "image-classification"}, "architecture_unusable"),
        ({"task": "tabular-regression"}, "task_untrainable"),
        ({"lora": {"rank": 2}}, "lora_without_model"),
        ({"early_stop": {}, "data": [{"data": "demo/clean", "split": "validation"}]}, "validation_missing"),
        (
            {
                "data": [{"data": "demo/clean", "split": "train"}],
                "architecture": {**ARCHITECTURE, "id2label": {"0": "0", "1": "1"}},
            },
            "label_mismatch",
        ),
        ({"architecture": {**ARCHITECTURE, "image_size": 16}}, "image_shape"),
    ],
)
def test_refuses_what_cannot_be_trained_with_a_finding(clean, tmp_path, changes, code):
    with pytest.raises(UserError) as caught:
        run(tmp_path, train_request(clean, **changes), {("data", 0): clean})
    assert [finding.code for finding in caught.value.findings] == [code]


def test_a_training_that_learned_nothing_says_so_everywhere(clean, tmp_path):
    result, ports = run(tmp_path, train_request(clean, epochs=3, learning_rate=5.0), {("data", 0): clean})
    (finding,) = result.report["findings"]
    assert (finding["code"], finding["severity"], finding["where"]) == ("nothing_learned", "warning", "learning_rate")
    curve = [means["loss"] for _, means in result.report["curve"]]
    assert curve[-1] > curve[0]
    assert (
        f"loss {curve[-1]:.3g} at the end, {curve[0]:.3g} at the start. Try a tenth of the rate." in finding["message"]
    )
    assert "Guessing among 10 classes gives 2.3." in finding["consequence"]
    assert finding["repair"][0]["patch"][0]["value"] == 0.5
    assert result.metrics["findings"] == [finding]
    assert finding["message"] in (tmp_path / "out" / "README.md").read_text()
    assert ("log", finding["message"], "warning") in ports.reporter.events


def test_result_of_a_loss_that_became_nan_says_so(clean, tmp_path, monkeypatch):
    from workers.engine.train.batches import Supervised

    whole, calls = Supervised.batch, []

    def breaking(self, rows, *, seed):
        batch = whole(self, rows, seed=seed)
        calls.append(len(rows))
        if len(calls) > 7:  # one to see whether it fits, one to count operations, five steps
            batch.inputs["pixel_values"].fill_(float("nan"))
        return batch

    monkeypatch.setattr(Supervised, "batch", breaking)
    result, ports = run(tmp_path, train_request(clean), {("data", 0): clean})
    assert result.report["stopped"] == {"reason": "diverged", "diverged_at": 6, "kept_step": 5}
    assert result.metrics["diverged_at_step"] == 6
    assert (result.metrics["kept_step"], result.metrics["training_loss"]) == (5, result.report["losses"][0])
    assert "The loss became NaN or infinite at step 6" in (tmp_path / "out" / "README.md").read_text()
    assert [level for _, _, level in ports.reporter.of("log")].count("error") == 1
    weights = load_file(tmp_path / "out" / "model.safetensors")
    assert all(bool(torch.isfinite(tensor).all()) for tensor in weights.values())

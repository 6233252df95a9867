"""Loading entries of every kind, and what they can do then."""

import json
import shutil

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from tests.builders import vit_folder
from tests.text_models import bert_folder, gpt2_folder
from workers.contracts.errors import UserError
from workers.engine.predict.load import LOADERS, load_predictor


@pytest.fixture(scope="module")
def vit(tmp_path_factory):
    return vit_folder(tmp_path_factory.mktemp("vit"))


@pytest.fixture(scope="module")
def gpt2(tmp_path_factory):
    return gpt2_folder(tmp_path_factory.mktemp("gpt2"))


@pytest.fixture(scope="module")
def bert(tmp_path_factory):
    return bert_folder(tmp_path_factory.mktemp("bert"))


@pytest.fixture(scope="module")
def pictures():
    return np.random.default_rng(0).random((5, 1, 8, 8), dtype=np.float32)


def codes(caught):
    return [finding.code for finding in caught.value.findings]


def test_image_classifier_gives_the_logits_of_its_model(vit, pictures):
    from transformers import AutoModelForImageClassification

    found = load_predictor(vit, task="image-classification", name="m")
    model = AutoModelForImageClassification.from_pretrained(vit).eval()
    with torch.no_grad():
        logits = model(pixel_values=torch.from_numpy(pictures)).logits.double()
    assert np.array_equal(found.classify({"image": pictures}), logits.numpy())
    assert np.array_equal(found.classify({"image": list(pictures)}), logits.numpy())
    assert found.labels == tuple(str(digit) for digit in range(10))
    assert found.parameters == sum(tensor.numel() for tensor in load_file(vit / "model.safetensors").values())
    assert found.can == {"classify", "features"}


def test_features_are_what_the_head_sees(vit, pictures):
    found = load_predictor(vit, task="image-classification", name="m")
    weights = load_file(vit / "model.safetensors")
    features = torch.from_numpy(found.features({"image": pictures}))
    logits = features @ weights["classifier.weight"].T + weights["classifier.bias"]
    assert logits.numpy() == pytest.approx(found.classify({"image": pictures}), abs=1e-5)


def test_pictures_are_scaled_as_the_preprocessor_says(vit, pictures, tmp_path):
    scaled = shutil.copytree(vit, tmp_path / "scaled")
    (scaled / "preprocessor_config.json").write_text(
        json.dumps({"do_normalize": True, "image_mean": [0.5], "image_std": [0.25]})
    )
    plain, other = (load_predictor(folder, task="image-classification", name="m") for folder in (vit, scaled))
    assert other.classify({"image": pictures}) == pytest.approx(
        plain.classify({"image": (pictures - 0.5) / 0.25}), abs=1e-6
    )


def test_pictures_of_another_size_are_refused(vit):
    found = load_predictor(vit, task="image-classification", name="m")
    with pytest.raises(UserError, match=r"1 × 8 × 8.*3 × 8 × 8") as caught:
        found.classify({"image": np.zeros((2, 3, 8, 8), dtype=np.float32)})
    assert codes(caught) == ["image_shape"]


def test_text_classifier_and_regression_tell_themselves_apart(tmp_path):
    one = load_predictor(
        bert_folder(tmp_path / "a", head="SequenceClassification"), task="text-classification", name="a"
    )
    other = load_predictor(
        bert_folder(tmp_path / "b", head="SequenceClassification", labels=("score",)), task="text-regression", name="b"
    )
    batch = {"text": ["short", "a longer text"], "text_pair": ["x", "y"]}
    assert one.classify(batch).shape == (2, 2)
    assert one.labels == ("no", "yes")
    assert other.regress(batch).shape == (2,)
    assert other.regress(batch).dtype == np.float64
    with pytest.raises(UserError, match="b cannot tell classes apart"):
        other.classify(batch)


def test_answers_to_texts_do_not_depend_on_their_neighbours(tmp_path):
    found = load_predictor(bert_folder(tmp_path, head="SequenceClassification"), task="text-classification", name="m")
    alone = found.classify({"text": ["short"]})
    assert found.classify({"text": ["short", "a much longer text"]})[:1] == pytest.approx(alone, abs=1e-6)


def test_texts_that_are_cut_are_remarked_upon_once(tmp_path):
    found = load_predictor(
        bert_folder(tmp_path, head="SequenceClassification", length=16), task="text-classification", name="m"
    )
    found.classify({"text": ["short"]})
    assert found.remarks == []
    for _ in range(2):
        found.classify({"text": ["x" * 40]})
    assert found.remarks == ["Some texts are longer than the 16 tokens that m sees. Their ends were left out."]


def test_a_head_that_is_not_there_is_refused(gpt2, bert, vit):
    for folder, task, code in (
        (vit, "text-classification", "not_a_classifier"), (bert, "causal-lm", "not_a_language_model"),
        (gpt2, "image-classification", "not_a_classifier"),
    ):  # fmt: skip
        with pytest.raises(UserError) as caught:
            load_predictor(folder, task=task, name="m")
        assert codes(caught) == [code]


def test_without_a_task_the_head_is_that_of_the_model(gpt2, bert, vit):
    assert load_predictor(gpt2, task="", name="m").can == {"token_logprobs", "generate", "embed", "features"}
    assert load_predictor(bert, task="", name="m").can == {"mlm", "embed", "features"}
    assert "classify" in load_predictor(vit, task="", name="m").can


def test_vectors_are_means_over_the_tokens(bert):
    from transformers import AutoModel, AutoTokenizer

    found = load_predictor(bert, task="sentence-similarity", name="m").embed(["one", "another text"])
    model, tokenizer = AutoModel.from_pretrained(bert).eval(), AutoTokenizer.from_pretrained(bert)
    for text, vector in zip(["one", "another text"], found, strict=True):
        with torch.no_grad():
            state = model(**tokenizer(text, return_tensors="pt")).last_hidden_state
        assert vector == pytest.approx(state[0].mean(dim=0).numpy(), abs=1e-5)


def test_weights_with_gaps_are_refused(vit, tmp_path):
    broken = shutil.copytree(vit, tmp_path / "broken")
    state = load_file(broken / "model.safetensors")
    del state["classifier.weight"]
    save_file(state, broken / "model.safetensors", {"format": "pt"})
    with pytest.raises(UserError) as caught:
        load_predictor(broken, task="image-classification", name="m")
    assert codes(caught) == ["weights_incomplete"]


def test_adapter_runs_on_its_base(gpt2, tmp_path):
    from peft import LoraConfig, get_peft_model
    from transformers import AutoModelForCausalLM

    base = AutoModelForCausalLM.from_pretrained(gpt2)
    tuned = get_peft_model(
        base, LoraConfig(r=2, target_modules=["c_attn"], init_lora_weights=False, task_type="CAUSAL_LM")
    )
    tuned.save_pretrained(tmp_path / "adapter")
    found = load_predictor(tmp_path / "adapter", task="causal-lm", name="a", base_folder=gpt2)
    expected = torch.log_softmax(tuned.eval()(torch.tensor([[1, 10, 20]])).logits.double(), -1)[0, 1, 20].item()
    assert found.score_tokens([([1, 10], [20])])[0][0].tolist() == pytest.approx([expected], abs=1e-5)
    assert found.parameters > load_predictor(gpt2, task="causal-lm", name="b").parameters
    with pytest.raises(UserError) as caught:
        load_predictor(tmp_path / "adapter", task="causal-lm", name="a")
    assert codes(caught) == ["base_missing"]


def test_task_vector_gives_back_what_was_tuned(vit, pictures, tmp_path):
    """θ_tuned = θ_base + (θ_tuned - θ_base), over the names that stand in the files."""
    tuned = vit_folder(tmp_path / "tuned", finetune=1)
    after, before = load_file(tuned / "model.safetensors"), load_file(vit / "model.safetensors")
    (tmp_path / "vector").mkdir()
    save_file({name: after[name] - before[name] for name in before}, tmp_path / "vector" / "task_vector.safetensors")
    (tmp_path / "vector" / "genepool.json").write_text(json.dumps({"artifact": "task_vector"}))
    found = load_predictor(tmp_path / "vector", task="image-classification", name="v", base_folder=vit)
    expected = load_predictor(tuned, task="image-classification", name="t").classify({"image": pictures})
    assert found.classify({"image": pictures}) == pytest.approx(expected, abs=1e-5)


def test_task_vector_of_another_model_is_refused(vit, tmp_path):
    save_file({"strange.weight": torch.ones(2)}, tmp_path / "task_vector.safetensors")
    (tmp_path / "genepool.json").write_text(json.dumps({"artifact": "task_vector"}))
    with pytest.raises(UserError, match=r"strange\.weight") as caught:
        load_predictor(tmp_path, task="image-classification", name="v", base_folder=vit)
    assert codes(caught) == ["task_vector_misfit"]


def test_entries_that_nothing_runs_are_refused(tmp_path):
    (tmp_path / "genepool.json").write_text(json.dumps({"artifact": "learngene"}))
    with pytest.raises(UserError, match="learngene"):
        load_predictor(tmp_path, task="", name="m")


def test_every_row_of_the_table_is_a_function():
    import importlib

    for row in LOADERS:
        module, _, function = row.path.partition(":")
        assert callable(getattr(importlib.import_module(module), function)), row


def test_tokenizer_that_is_missing_is_refused_in_words(bert, tmp_path):
    for path in bert.iterdir():
        if not path.name.startswith("tokenizer"):
            shutil.copy(path, tmp_path)
    with pytest.raises(UserError, match="tokenizer") as caught:
        load_predictor(tmp_path, task="masked-lm", name="m")
    assert codes(caught) == ["tokenizer_missing"]


def test_tokenizer_of_another_model_is_refused(bert, tmp_path):
    copy = shutil.copytree(bert, tmp_path / "copy")
    document = json.loads((copy / "tokenizer.json").read_text())
    document["model"]["vocab"] |= {f"extra{number}": 261 + number for number in range(9)}
    (copy / "tokenizer.json").write_text(json.dumps(document))
    with pytest.raises(UserError) as caught:
        load_predictor(copy, task="masked-lm", name="m")
    assert codes(caught) == ["tokenizer_misfit"]

"""Training models of text: each task, under its own head or a new one, and what stock libraries make of the result."""

import json

import pytest
import torch

from tests.text_models import bert_folder, gpt2_folder
from tests.workers.jobs.digits import entry
from tests.workers.jobs.ports import fake_ports
from workers.contracts.errors import UserError
from workers.contracts.jobs import JobRequest
from workers.jobs import train

WORDS = {"yes": "good fine nice", "no": "bad awful poor"}
ROWS = [
    {"text": f"{WORDS[label]} thing {number}", "label": label, "score": float(label == "yes")}
    for number in range(24)
    for label in ("no", "yes")
]
GPT = {"model_type": "gpt2", "n_embd": 16, "n_layer": 1, "n_head": 2, "n_positions": 64, "vocab_size": 300}


def written(folder, train, validation):
    folder.mkdir()
    for split, rows in (("train", train), ("validation", validation)):
        (folder / f"{split}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return folder


@pytest.fixture(scope="session")
def texts(tmp_path_factory):
    return written(tmp_path_factory.mktemp("texts") / "data", ROWS[:40], ROWS[40:])


@pytest.fixture(scope="session")
def gpt2(tmp_path_factory):
    return gpt2_folder(tmp_path_factory.mktemp("gpt2"))


@pytest.fixture(scope="session")
def bert(tmp_path_factory):
    return bert_folder(tmp_path_factory.mktemp("bert"))


@pytest.fixture(scope="session")
def classifier(tmp_path_factory):
    return bert_folder(tmp_path_factory.mktemp("classifier"), head="SequenceClassification")


def run(root, texts, model=None, **changes):
    recipe = {
        "kind": "train", "data": [{"data": "alice/texts", "split": "train"}], "epochs": 2, "batch_size": 8, "learning_rate": 0.01,
        "seed": 1, "output": {"repo": "alice/trained"}, **changes,
    }  # fmt: skip
    inputs, folders = [entry("data", 0, "alice/texts", texts)], {("data", 0): texts}
    if model is not None:
        recipe["model"], folders["model", 0] = "alice/base", model
        inputs.append(entry("model", 0, "alice/base", model))
    ports = fake_ports(root, JobRequest(kind="train", recipe=recipe, inputs=tuple(inputs)), folders)
    return train.run(ports), ports.workspace.out


def refused(*arguments, **changes):
    with pytest.raises(UserError) as caught:
        run(*arguments, **changes)
    return [finding.code for finding in caught.value.findings]


def test_language_model_is_one_that_transformers_loads_with_its_tokenizer(texts, gpt2, tmp_path):
    from transformers import AutoModelForCausalLM, AutoTokenizer

    result, out = run(tmp_path, texts, gpt2)
    assert result.report["task"] == "causal-lm"
    assert result.report["losses"][1] < result.report["losses"][0]
    tokenizer = AutoTokenizer.from_pretrained(out, local_files_only=True)
    model, loading = AutoModelForCausalLM.from_pretrained(out, local_files_only=True, output_loading_info=True)
    assert not loading["missing_keys"]
    assert (out / "tokenizer.json").read_bytes() == (gpt2 / "tokenizer.json").read_bytes()
    assert model(**tokenizer("good", return_tensors="pt")).logits.shape[-1] == 261
    (row,) = result.report["validation"]
    assert row["metrics"].keys() == {"bits_per_byte", "perplexity"}


def test_adapter_for_a_language_model_is_one_that_peft_loads(texts, gpt2, tmp_path):
    from transformers import AutoModelForCausalLM

    result, out = run(tmp_path, texts, gpt2, lora={"rank": 2, "alpha": 4.0}, learning_rate=0.05)
    base = AutoModelForCausalLM.from_pretrained(gpt2, local_files_only=True).eval()
    tokens = torch.tensor([[1, 70, 71, 72]])
    with torch.no_grad():
        before = base(tokens).logits.clone()
        after = by_its_card(out, gpt2).eval()(tokens).logits
    assert not torch.allclose(before, after, atol=1e-3)
    assert result.report["losses"][1] < result.report["losses"][0]
    assert "pipeline_tag: text-generation" in (out / "README.md").read_text()


def test_model_with_gaps_learns(texts, bert, tmp_path):
    result, _ = run(tmp_path, texts, bert, epochs=3)
    assert result.report["task"] == "masked-lm"
    assert result.report["losses"][-1] < result.report["losses"][0]


def test_classifier_keeps_its_head_and_learns_classes_by_name(texts, classifier, tmp_path):
    result, out = run(tmp_path, texts, classifier, epochs=3)
    assert result.report["labels"] == ["no", "yes"]
    assert result.metrics["validation_accuracy:alice/texts"] == 1.0
    assert by_its_card(out, classifier).config.id2label == {0: "no", 1: "yes"}


def test_language_model_becomes_a_classifier_under_a_new_head(texts, gpt2, tmp_path):
    from transformers import AutoModelForSequenceClassification

    result, out = run(tmp_path, texts, gpt2, task="text-classification", epochs=3)
    assert result.metrics["validation_accuracy:alice/texts"] > 0.6
    model, loading = AutoModelForSequenceClassification.from_pretrained(
        out, local_files_only=True, output_loading_info=True
    )
    assert not loading["missing_keys"]
    assert model.config.id2label == {0: "no", 1: "yes"}
    assert "under a new head" in (out / "README.md").read_text()


def by_its_card(out, base):
    """What the code of the card makes, with folders in place of repos."""
    code = (out / "README.md").read_text().partition("```python\n")[2].partition("```")[0]
    for name, folder in (("alice/trained", out), ("alice/base", base)):
        code = code.replace(f'"{name}"', repr(str(folder)))
    made = {}
    exec(code, made)
    return made["model"]


@pytest.mark.parametrize(("start", "parts"), [("gpt2", ["score"]), ("bert", ["classifier", "pooler"])])
def test_adapter_with_a_head_of_its_own_answers_in_peft_as_it_does_here(texts, tmp_path, request, start, parts):
    """Classes, head and pooler travel with the adapter: the base has none of them. Loaded by the very lines of its card."""
    from transformers import AutoTokenizer

    from workers.engine.predict.load import load_predictor

    base = request.getfixturevalue(start)
    result, out = run(
        tmp_path, texts, base, task="text-classification", epochs=3, lora={"rank": 2, "alpha": 4.0}, learning_rate=0.03
    )
    assert result.metrics["validation_accuracy:alice/texts"] > 0.6
    assert json.loads((out / "adapter_config.json").read_text())["modules_to_save"] == parts
    model = by_its_card(out, base).eval()
    assert model.config.id2label == {0: "no", 1: "yes"}
    words = ["good thing", "awful thing 3"]
    batch = AutoTokenizer.from_pretrained(base, local_files_only=True)(words, padding=True, return_tensors="pt")
    with torch.no_grad():
        expected = model(**batch).logits
    ours = load_predictor(out, task="text-classification", name="ours", base_folder=base)
    assert ours.labels == ("no", "yes")
    assert ours.classify({"text": words}) == pytest.approx(expected.double().numpy(), abs=1e-5)


def test_encoder_becomes_a_regression(texts, bert, tmp_path):
    result, out = run(tmp_path, texts, bert, task="text-regression", columns={"target": "score"}, epochs=3)
    assert result.metrics["validation_rmse:alice/texts"] < 0.4
    assert json.loads((out / "config.json").read_text())["problem_type"] == "regression"


def test_text_model_from_nothing_learns_its_tokenizer_from_the_data(texts, tmp_path):
    results = [run(tmp_path / name, texts, architecture=GPT, task="causal-lm", epochs=1) for name in ("one", "two")]
    (first, out), (second, again) = results
    assert first.tensor_digest == second.tensor_digest
    assert (out / "tokenizer.json").read_bytes() == (again / "tokenizer.json").read_bytes()
    config = json.loads((out / "config.json").read_text())
    assert (config["pad_token_id"], config["bos_token_id"], config["eos_token_id"]) == (0, 1, 2)


def test_several_datasets_share_one_list_of_classes(texts, bert, tmp_path):
    more = written(tmp_path / "more", [{"text": f"maybe {n}", "label": "perhaps"} for n in range(8)], [])
    recipe = {
        "kind": "train", "model": "alice/base", "task": "text-classification", "epochs": 1, "batch_size": 16,
        "data": [{"data": "alice/texts", "split": "train"}, {"data": "alice/more", "split": "train"}],
    }  # fmt: skip
    inputs = (
        entry("data", 0, "alice/texts", texts), entry("data", 1, "alice/more", more), entry("model", 0, "alice/base", bert),
    )  # fmt: skip
    folders = {("data", 0): texts, ("data", 1): more, ("model", 0): bert}
    ports = fake_ports(tmp_path / "job", JobRequest(kind="train", recipe=recipe, inputs=inputs), folders)
    assert train.run(ports).report["labels"] == ["no", "yes", "perhaps"]


def test_held_out_examples_that_are_trained_on_are_counted(bert, tmp_path):
    leaky = written(tmp_path / "leaky", ROWS[:40], ROWS[38:])
    result, out = run(tmp_path / "job", leaky, bert, epochs=1)
    assert result.report["validation"][0]["leakage"] == 2
    assert "2 examples of alice/texts (validation) are also trained on" in (out / "README.md").read_text()


def test_classes_that_differ_from_the_models_are_refused_with_the_difference(texts, tmp_path):
    other = bert_folder(tmp_path / "other", head="SequenceClassification", labels=("negative", "positive"))
    assert refused(tmp_path / "job", texts, other) == ["label_mismatch"]
    result, _ = run(tmp_path / "again", texts, other, new_head=True, epochs=1)
    assert result.report["labels"] == ["no", "yes"]


@pytest.mark.parametrize(
    ("changes", "codes"),
    [
        ({"max_length": 4096}, ["too_long"]),
        ({"task": "masked-lm"}, ["model_unloadable"]),
        ({"columns": {"text": "nowhere"}}, ["column_missing"]),
        ({"task": "retrieval"}, ["task_untrainable"]),
    ],
)
def test_refuses_what_cannot_be_trained(texts, gpt2, tmp_path, changes, codes):
    assert refused(tmp_path, texts, gpt2, **changes) == codes


def test_texts_that_are_too_long_are_cut_and_told_of_once(texts, bert, tmp_path):
    recipe = {
        "kind": "train", "model": "alice/base", "task": "text-classification", "max_length": 8, "epochs": 1,
        "data": [{"data": "alice/texts", "split": "train"}],
    }  # fmt: skip
    inputs = (entry("data", 0, "alice/texts", texts), entry("model", 0, "alice/base", bert))
    folders = {("data", 0): texts, ("model", 0): bert}
    ports = fake_ports(tmp_path, JobRequest(kind="train", recipe=recipe, inputs=inputs), folders)
    train.run(ports)
    told = [message for _, message, level in ports.reporter.of("log") if level == "warning"]
    assert told == ["Texts of more than 8 tokens are cut there: alice/base sees their beginning."]


def test_early_stop_is_told_on_the_card(texts, classifier, tmp_path):
    result, out = run(tmp_path, texts, classifier, epochs=30, learning_rate=0.3, early_stop={"patience": 1})
    assert result.report["stopped"]["reason"] == "early"
    assert len(result.report["validation_losses"]) < 30
    assert "Stopped early after" in (out / "README.md").read_text()

"""What the report says of a measurement beside its numbers: what it means, what it cost, what is odd about the data."""

import json
import shutil

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from safetensors.numpy import load_file, save_file

from tests.text_models import bert_folder, gpt2_folder
from tests.workers.jobs.digits import entry
from tests.workers.jobs.ports import fake_ports
from workers.contracts.benchmarks import Definition
from workers.contracts.errors import UserError
from workers.contracts.jobs import JobRequest
from workers.jobs import evaluate


def measure(root, model, data, *, labels=None, beside=(), **asked):
    """The row of one model on one dataset. `beside` are further inputs with their folders."""
    config = json.loads((model / "config.json").read_text())
    facts = {"config": config, **({"labels": labels} if labels else {})}
    inputs = (entry("model", 0, "alice/m", model, **facts), entry("data", 0, "alice/d", data, repo_type="dataset"))
    recipe = {"kind": "evaluate", "models": ["alice/m"], "data": [{"data": "alice/d", **asked}]}
    request = JobRequest(kind="evaluate", recipe=recipe, inputs=(*inputs, *(item for item, _ in beside)))
    folders = {("model", 0): model, ("data", 0): data, **{(item.role, item.index): folder for item, folder in beside}}
    ports = fake_ports(root, request, folders)
    return evaluate.run(ports).report["results"][0]


def table(folder, **columns):
    """A dataset of one test split."""
    (folder / "data").mkdir(parents=True)
    pq.write_table(pa.table(columns), folder / "data" / "test-00000-of-00001.parquet")
    return folder


def test_the_definition_says_what_the_number_means(trained, clean, tmp_path):
    row = measure(tmp_path, trained, clean)
    found = Definition.model_validate(row["definition"])
    assert (found.task, found.split, found.data) == ("image-classification", "test", f"alice/d@{'0' * 40}")
    assert row["digest"] == found.digest
    assert row["task"] == "image-classification"
    assert row["metrics"].keys() == {"accuracy", "nll", "f1_macro", "balanced_accuracy", "ece"}


def test_the_cost_stands_beside_the_number(trained, clean, tmp_path):
    cost = measure(tmp_path, trained, clean)["cost"]
    weights = load_file(trained / "model.safetensors")
    assert cost["parameters"] == sum(tensor.size for tensor in weights.values())
    assert cost["size_bytes"] == (trained / "model.safetensors").stat().st_size
    assert cost["latency_ms"]["p50"] <= cost["latency_ms"]["p90"] <= cost["latency_ms"]["p99"]
    assert cost["examples_per_s"] > 0
    assert cost["peak_memory_bytes"] > 0
    assert cost["device"] == "cpu"
    assert cost["flops"] == vit_flops(tokens=5, width=16, inner=16, patch=16, labels=10)


def vit_flops(tokens, width, inner, patch, labels):
    """Two for each multiply-add: patches, four projections, scores and weighted sum of attention, two layers, the head."""
    projections = 4 * tokens * width * width
    attention = 2 * tokens * tokens * width
    layers = 2 * tokens * width * inner
    return 2 * ((tokens - 1) * patch * width + projections + attention + layers + width * labels)


def test_equal_data_has_an_equal_hash_in_any_order(trained, clean, tmp_path):
    mixed = shutil.copytree(clean, tmp_path / "mixed")
    tensors = load_file(mixed / "data" / "test.safetensors")
    order = np.random.default_rng(0).permutation(96)
    save_file(
        {name: np.ascontiguousarray(values[order]) for name, values in tensors.items()},
        mixed / "data" / "test.safetensors",
    )
    one, other = measure(tmp_path / "a", trained, clean), measure(tmp_path / "b", trained, mixed)
    assert one["example_hash"] == other["example_hash"]
    assert one["metrics"]["accuracy"] == other["metrics"]["accuracy"]


def test_duplicates_and_leakage_are_counted(trained, clean, tmp_path):
    odd = shutil.copytree(clean, tmp_path / "odd")
    train, test = (load_file(odd / "data" / f"{split}.safetensors") for split in ("train", "test"))
    for name, values in test.items():
        values[1] = values[0]  # a duplicate
        if name != "index":
            values[2:5] = train[name][:3]  # leaked
    save_file(test, odd / "data" / "test.safetensors")
    row = measure(tmp_path / "out", trained, odd)
    assert row["duplicates"] == 1
    assert row["leakage"] == {"train": 3, "validation": 0}
    assert [finding["code"] for finding in row["warnings"]] == ["data_duplicates", "data_leakage"]
    assert measure(tmp_path / "plain", trained, clean)["leakage"] == {"train": 0, "validation": 0}


def test_examples_that_also_stand_in_validation_are_counted(trained, clean, tmp_path):
    odd = shutil.copytree(clean, tmp_path / "odd")
    test = load_file(odd / "data" / "test.safetensors")
    save_file({name: values[:7].copy() for name, values in test.items()}, odd / "data" / "validation.safetensors")
    row = measure(tmp_path / "out", trained, odd)
    assert row["leakage"] == {"train": 0, "validation": 7}
    (told,) = row["warnings"]
    assert told["consequence"] == "A model that was trained on validation, or chosen by it, may know them by heart."


@pytest.mark.parametrize("visibility", ["public", "private"])
def test_examples_that_a_model_was_trained_on_elsewhere_are_counted(trained, clean, tmp_path, visibility):
    """By lineage. Readers of the number need not know of data that is not public."""
    learned = shutil.copytree(clean, tmp_path / "learned")
    test = load_file(clean / "data" / "test.safetensors")
    save_file({name: values[:9].copy() for name, values in test.items()}, learned / "data" / "train.safetensors")
    texts = table(tmp_path / "texts", text=["a"])
    facts = {"repo_type": "dataset", "visibility": visibility}
    known, other = entry("trained", 0, "lab/own", learned, **facts), entry("trained", 1, "lab/texts", texts, **facts)
    learnt = known.model_copy(update={"of": (0,)})
    row = measure(tmp_path / "out", trained, clean, beside=[(learnt, learned), (other, texts)])
    name = "lab/own" if visibility == "public" else "data that is not public"
    assert row["leakage"] == {"train": 0, "validation": 0, name: 9}
    (told,) = row["warnings"]
    assert told["message"] == f"9 of 96 examples of test of alice/d also stand in {name}, which alice/m was trained on."
    if visibility == "private":
        return
    row = measure(tmp_path / "odd", trained, clean, beside=[(other.model_copy(update={"of": (0,)}), texts)])
    assert [warning["code"] for warning in row["warnings"]] == ["leakage_unknown"]
    assert "lab/texts, which alice/m was trained on, is not known." in row["warnings"][0]["message"]


def test_a_broken_split_beside_the_one_that_is_measured_is_told_and_stops_nothing(trained, clean, tmp_path):
    odd = shutil.copytree(clean, tmp_path / "odd")
    train = load_file(odd / "data" / "train.safetensors")
    train["images"][0] = float("nan")
    save_file(train, odd / "data" / "train.safetensors")
    row = measure(tmp_path / "out", trained, odd)
    assert row["leakage"] == {"validation": 0}
    assert [warning["code"] for warning in row["warnings"]] == ["leakage_unknown"]


def test_slices_and_cluster_stand_beside_the_answers(tmp_path):
    model = bert_folder(tmp_path / "m", head="SequenceClassification")
    data = table(
        tmp_path / "d",
        text=["a", "b", "c", "d"],
        label=["no", "yes", "no", "yes"],
        kind=["x", "x", "y", "y"],
        page=[1, 1, 2, 2],
    )
    row = measure(tmp_path / "out", model, data, slices=["kind"], cluster="page")
    kept = pq.read_table(tmp_path / "out" / "out" / row["predictions"]).to_pydict()
    assert kept["slice:kind"] == ["x", "x", "y", "y"]
    assert kept["cluster"] == ["1", "1", "2", "2"]
    assert row["task"] == "text-classification"


def test_language_models_are_measured_in_bits_per_byte(tmp_path):
    model = gpt2_folder(tmp_path / "m")
    row = measure(tmp_path / "out", model, table(tmp_path / "d", text=["one text", "another, läng" + "er" * 60]))
    kept = pq.read_table(tmp_path / "out" / "out" / row["predictions"]).to_pydict()
    assert row["task"] == "causal-lm"
    assert kept["tokens"] == kept["bytes"], "one token for each byte"
    assert row["metrics"]["bits_per_byte"]["value"] == pytest.approx(sum(kept["bits"]) / sum(kept["bytes"]))
    assert row["cost"]["flops"] > 0


def test_masked_models_similarity_and_retrieval_have_their_tasks(tmp_path):
    model = bert_folder(tmp_path / "m")
    texts = table(tmp_path / "texts", text=["one text", "another"])
    assert measure(tmp_path / "a", model, texts)["metrics"].keys() == {"perplexity", "token_accuracy"}
    pairs = table(tmp_path / "pairs", text=["a", "b", "c"], text_pair=["d", "e", "f"], target=[0.1, 0.5, 0.9])
    assert "spearman" in measure(tmp_path / "b", model, pairs, task="sentence-similarity")["metrics"]
    found = table(tmp_path / "found", query=["a", "b", "c"], document=["d", "e", "f"])
    assert measure(tmp_path / "c", model, found, task="retrieval")["metrics"]["recall_at_10"]["value"] == 1.0


def test_classes_with_other_names_are_refused_with_the_difference(tmp_path):
    model = bert_folder(tmp_path / "m", head="SequenceClassification")
    data = table(tmp_path / "d", text=["a", "b"], label=["no", "maybe"])
    with pytest.raises(UserError, match="maybe") as caught:
        measure(tmp_path / "out", model, data)
    assert [finding.code for finding in caught.value.findings] == ["label_mismatch"]


def test_one_class_only_is_said(tmp_path):
    model = bert_folder(tmp_path / "m", head="SequenceClassification")
    data = table(tmp_path / "d", text=["a", "b"], label=["no", "no"])
    row = measure(tmp_path / "out", model, data, labels=["no", "yes"])
    assert "one_class" in [finding["code"] for finding in row["warnings"]]


def test_models_of_tables_are_measured_through_onnx(tmp_path):
    """The numbers of scikit-learn, over the rows that every worker carries."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.metrics import accuracy_score, log_loss

    from tests.onnx_models import linear_onnx
    from workers.contracts.facts import FileFact, RepoFacts
    from workers.contracts.jobs import Input
    from workers.engine.data.splits import open_split

    def rows(split):
        taken = open_split(tmp_path, split, reference="builtin:wine").take(range({"train": 107, "test": 36}[split]))
        names = [name for name in taken if name not in ("label", "index")]
        return np.stack([taken[name] for name in names], axis=1), np.asarray(taken["label"])

    features, target = rows("train")
    fitted = LogisticRegression(max_iter=50).fit(features / 100, target)
    model = linear_onnx(tmp_path / "m", fitted.coef_.T / 100, fitted.intercept_)
    (model / "config.json").write_text(json.dumps({"id2label": {str(at): f"class_{at}" for at in range(3)}}))
    facts = {"files": (FileFact(path="model.onnx", size_bytes=1),), "task": "tabular-classification"}
    inputs = (
        entry("model", 0, "alice/m", model, **facts),
        Input(
            role="data",
            index=0,
            reference="builtin:wine",
            facts=RepoFacts(reference="builtin:wine", repo_type="dataset"),
        ),
    )
    recipe = {"kind": "evaluate", "models": ["alice/m"], "data": [{"data": "builtin:wine"}]}
    request = JobRequest(kind="evaluate", recipe=recipe, inputs=inputs)
    row = evaluate.run(fake_ports(tmp_path / "out", request, {("model", 0): model, ("data", 0): tmp_path})).report[
        "results"
    ][0]
    unseen, gold = rows("test")
    predicted = fitted.predict_proba(unseen / 100)
    assert row["task"] == "tabular-classification"
    assert row["metrics"]["accuracy"]["value"] == pytest.approx(accuracy_score(gold, predicted.argmax(axis=1)))
    assert row["metrics"]["nll"]["value"] == pytest.approx(log_loss(gold, predicted), rel=1e-4)
    assert row["cost"]["flops"] is None
    assert row["cost"]["parameters"] == 42


def test_class_numbers_without_names_are_said_to_be_taken_in_order(trained, clean, tmp_path):
    named = shutil.copytree(trained, tmp_path / "named")
    config = json.loads((named / "config.json").read_text())
    words = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]
    config |= {"id2label": dict(enumerate(words)), "label2id": {word: place for place, word in enumerate(words)}}
    (named / "config.json").write_text(json.dumps(config))
    told = [
        entry for entry in measure(tmp_path / "out", named, clean)["warnings"] if entry["code"] == "labels_by_number"
    ]
    assert len(told) == 1
    assert "0 = zero, 1 = one" in told[0]["message"]

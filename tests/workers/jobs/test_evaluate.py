"""Evaluation: every answer kept, the same bytes each time, and a resumed run that skips what is done."""

import hashlib
import json
import math
import shutil

import pyarrow.parquet as pq
import pytest
import torch
from safetensors.torch import load_file, save_file

from tests.workers.jobs.digits import entry
from tests.workers.jobs.ports import fake_ports
from workers.contracts.errors import Cancelled, UserError
from workers.contracts.facts import RepoFacts
from workers.contracts.jobs import Input, JobRequest
from workers.jobs import evaluate
from workers.outcome import outcome_lines


@pytest.fixture
def matrix(clean, noisy, trained, adapter):
    """(request, folders) of a model and its adapter on two datasets."""
    config = json.loads((adapter / "adapter_config.json").read_text())
    inputs = (
        entry("model", 0, "alice/base", trained), entry("model", 1, "alice/adapter", adapter, artifact="adapter", adapter=config),
        entry("data", 0, "demo/clean", clean), entry("data", 1, "demo/noisy", noisy),
    )  # fmt: skip
    recipe = {
        "kind": "evaluate",
        "models": ["alice/base", "alice/adapter"],
        "data": [{"data": "demo/clean"}, {"data": "demo/noisy", "split": "validation"}],
        "batch_size": 40,
    }
    folders = {("model", 0): trained, ("model", 1): adapter, ("data", 0): clean, ("data", 1): noisy}
    return JobRequest(kind="evaluate", recipe=recipe, inputs=inputs), folders


def run(root, request, folders, **options):
    ports = fake_ports(root, request, folders, **options)
    return evaluate.run(ports), ports


def test_measures_every_model_on_every_dataset(matrix, tmp_path):
    result, _ = run(tmp_path, *matrix)
    rows = result.report["results"]
    assert [(row["model"]["reference"], row["data"]["reference"], row["data"]["split"]) for row in rows] == [
        ("alice/base", "demo/clean", "test"), ("alice/base", "demo/noisy", "validation"),
        ("alice/adapter", "demo/clean", "test"), ("alice/adapter", "demo/noisy", "validation"),
    ]  # fmt: skip
    assert {file.path for file in result.files} == {"report.json", *(row["predictions"] for row in rows)}
    assert rows[0]["metrics"] != rows[2]["metrics"], "the adapter changes nothing"


def test_keeps_every_answer(matrix, clean, trained, tmp_path):
    """Against a direct run of the model, without the evaluation's own code."""
    from transformers import AutoModelForImageClassification

    result, _ = run(tmp_path, *matrix)
    table = pq.read_table(tmp_path / "out" / "predictions" / "0-0.parquet").to_pydict()
    data = load_file(clean / "data" / "test.safetensors")
    model = AutoModelForImageClassification.from_pretrained(trained).eval()
    with torch.no_grad():
        logits = model(pixel_values=data["images"]).logits.double()
    assert table["example_id"] == data["index"].tolist()
    assert table["gold"] == data["labels"].tolist()
    assert table["prediction"] == logits.argmax(1).tolist()
    expected = torch.log_softmax(logits, 1)[torch.arange(96), data["labels"]]
    assert table["logprob"] == pytest.approx(expected.tolist(), abs=1e-5)
    assert table["correct"] == [p == g for p, g in zip(table["prediction"], table["gold"], strict=True)]
    first = hashlib.sha256(data["images"][0].numpy().tobytes() + data["labels"][0].numpy().tobytes()).hexdigest()
    assert table["example_sha"][0] == first
    accuracy = result.report["results"][0]["metrics"]["accuracy"]
    assert accuracy["value"] == sum(table["correct"]) / 96
    assert accuracy["low"] < accuracy["value"] < accuracy["high"]
    assert result.report["results"][0]["metrics"]["nll"]["value"] == pytest.approx(-sum(table["logprob"]) / 96)


def test_answers_are_the_same_bytes_each_time(matrix, tmp_path):
    run(tmp_path / "a", *matrix)
    run(tmp_path / "b", *matrix)
    for path in sorted((tmp_path / "a" / "out" / "predictions").iterdir()):
        assert path.read_bytes() == (tmp_path / "b" / "out" / "predictions" / path.name).read_bytes()


def test_resumed_run_skips_what_is_done_and_gives_the_same(matrix, tmp_path):
    _, whole = run(tmp_path / "whole", *matrix)
    with pytest.raises(Cancelled):
        run(tmp_path / "cut", *matrix, cancel_at=whole.cancel.calls * 5 // 8)
    result, ports = run(tmp_path / "cut", *matrix)
    assert result.resumed_units == 2
    assert len(ports.reporter.of("checkpoint")) == 2
    for path in (tmp_path / "whole" / "out" / "predictions").iterdir():
        assert path.read_bytes() == (tmp_path / "cut" / "out" / "predictions" / path.name).read_bytes()


def changed(root, request, folders, place):
    """Runs again with one input whose files are others."""
    files = tuple(file.model_copy(update={"sha256": f"{place}" * 64}) for file in request.inputs[place].files)
    inputs = list(request.inputs)
    inputs[place] = inputs[place].model_copy(update={"files": files})
    return run(root, request.model_copy(update={"inputs": tuple(inputs)}), folders)[0]


def test_unit_of_other_weights_is_measured_again(matrix, trained, tmp_path):
    request, folders = matrix
    run(tmp_path, request, folders)
    assert changed(tmp_path, request, folders, place=1).resumed_units == 2
    assert changed(tmp_path, request, folders, place=0).resumed_units == 0, (
        "an adapter on another base is another model"
    )


def test_limit_takes_the_first_examples(matrix, tmp_path):
    request, folders = matrix
    result, _ = run(tmp_path, request.model_copy(update={"recipe": request.recipe | {"limit": 7}}), folders)
    assert {row["examples"] for row in result.report["results"]} == {7}


def test_built_in_digits_need_no_dataset(trained, tmp_path):
    inputs = (
        entry("model", 0, "alice/base", trained),
        Input(role="data", index=0, reference="builtin:digits", facts=RepoFacts()),
    )
    recipe = {"kind": "evaluate", "models": ["alice/base"], "data": [{"data": "builtin:digits"}]}
    request = JobRequest(kind="evaluate", recipe=recipe, inputs=inputs)
    result, _ = run(tmp_path, request, {("model", 0): trained, ("data", 0): tmp_path / "nothing"})
    assert result.report["results"][0]["examples"] == 359


def test_weights_that_hold_no_numbers_end_the_job_with_a_finding(matrix, trained, tmp_path):
    request, folders = matrix
    broken = shutil.copytree(trained, tmp_path / "broken")
    state = load_file(broken / "model.safetensors")
    state["classifier.bias"][3] = math.nan
    save_file(state, broken / "model.safetensors", {"format": "pt"})
    with pytest.raises(UserError, match="NaN") as caught:
        run(tmp_path, request, {**folders, ("model", 0): broken})
    assert [finding.code for finding in caught.value.findings] == ["nan_predictions"]


def test_a_broken_model_is_left_out_and_takes_no_other_down(trained, clean, tmp_path):
    broken = shutil.copytree(trained, tmp_path / "broken")
    state = load_file(broken / "model.safetensors")
    state["classifier.bias"][3] = math.nan
    save_file(state, broken / "model.safetensors", {"format": "pt"})
    inputs = (entry("model", 0, "alice/broken", broken), entry("model", 1, "alice/base", trained), entry("data", 0, "demo/clean", clean))  # fmt: skip
    recipe = {
        "kind": "evaluate",
        "models": ["alice/broken", "alice/base"],
        "data": [{"data": "demo/clean", "limit": 40}],
    }
    folders = {("model", 0): broken, ("model", 1): trained, ("data", 0): clean}
    result, ports = run(tmp_path / "run", JobRequest(kind="evaluate", recipe=recipe, inputs=inputs), folders)
    assert [row["model"]["reference"] for row in result.report["results"]] == ["alice/base"]
    (left,) = result.report["left_out"]
    assert (left["model"]["reference"], left["code"]) == ("alice/broken", "nan_predictions")
    assert result.metrics["left_out"] == 1
    (note,) = [note for note in ports.reporter.notes if "left_out" in note]
    assert (note["model"], note["left_out"]) == ("alice/broken", left["message"])
    assert any("alice/broken is not measured on demo/clean" in message for _, message, _ in ports.reporter.of("log"))
    assert any("alice/broken is not measured on demo/clean" in line for line in outcome_lines(result.report))


def test_weights_with_gaps_are_not_filled_with_random_numbers(matrix, trained, tmp_path):
    request, folders = matrix
    broken = shutil.copytree(trained, tmp_path / "broken")
    state = load_file(broken / "model.safetensors")
    del state["classifier.weight"]
    save_file(state, broken / "model.safetensors", {"format": "pt"})
    with pytest.raises(UserError) as caught:
        run(tmp_path, request, {**folders, ("model", 0): broken})
    assert [finding.code for finding in caught.value.findings] == ["weights_incomplete"]


def test_code_in_a_repo_is_never_run(matrix, trained, tmp_path):
    request, folders = matrix
    hostile = shutil.copytree(trained, tmp_path / "hostile")
    (hostile / "modeling.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w')")
    config = json.loads((hostile / "config.json").read_text())
    config |= {"auto_map": {"AutoModelForImageClassification": "modeling.Model", "AutoConfig": "modeling.Config"}}
    (hostile / "config.json").write_text(json.dumps(config))
    run(tmp_path, request, {**folders, ("model", 0): hostile})
    assert not (tmp_path / "ran").exists()


def test_adapter_without_its_base_is_refused(matrix, tmp_path):
    request, folders = matrix
    alone = request.inputs[1].model_copy(update={"index": 0})
    changed = request.model_copy(update={"inputs": (alone, *request.inputs[2:])})
    with pytest.raises(UserError) as caught:
        run(tmp_path, changed, {**folders, ("model", 0): folders["model", 1]})
    assert [finding.code for finding in caught.value.findings] == ["adapter_base_missing"]


def test_adapter_gets_the_base_at_its_commit(matrix, trained, tmp_path):
    """Two revisions of the base go in; adapter_config.json names the first one's commit."""
    request, folders = matrix
    other = entry("model", 2, "alice/base", trained)
    inputs = (
        other.model_copy(update={"index": 0}),
        request.inputs[1],
        request.inputs[0].model_copy(update={"index": 2}),
        *request.inputs[2:],
    )
    seen = {**folders, ("model", 0): tmp_path / "not there", ("model", 2): trained}
    from workers.jobs.inputs import base_of_adapter

    changed = request.model_copy(update={"inputs": inputs})
    assert base_of_adapter(changed, inputs[1]).facts.commit == "0" * 40
    assert seen["model", base_of_adapter(changed, inputs[1]).index] == trained


@pytest.mark.parametrize(
    "change",
    [
        lambda tensors: tensors.pop("labels"),
        lambda tensors: tensors.update(images=tensors["images"][:, 0]),
        lambda tensors: tensors.update(labels=tensors["labels"][:-1]),
        lambda tensors: tensors["images"][0].fill_(math.inf),
        lambda tensors: tensors.update({name: value[:0] for name, value in tensors.items()}),
    ],
)
def test_data_that_is_not_what_it_should_be_ends_the_job_with_findings(matrix, clean, tmp_path, change):
    request, folders = matrix
    broken = shutil.copytree(clean, tmp_path / "broken")
    tensors = load_file(broken / "data" / "test.safetensors")
    change(tensors)
    save_file({name: value.contiguous() for name, value in tensors.items()}, broken / "data" / "test.safetensors")
    with pytest.raises(UserError) as caught:
        run(tmp_path, request, {**folders, ("data", 0): broken})
    assert all(finding.severity == "error" for finding in caught.value.findings)
    assert caught.value.findings


def test_a_split_that_is_not_there_ends_the_job(matrix, clean, tmp_path):
    request, folders = matrix
    bare = shutil.copytree(clean, tmp_path / "bare")
    (bare / "data" / "test.safetensors").unlink()
    with pytest.raises(UserError, match="no split test"):
        run(tmp_path, request, {**folders, ("data", 0): bare})

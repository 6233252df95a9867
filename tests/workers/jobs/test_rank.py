"""The ranking job over real tiny models: best first, the broken left out with the reason, a killed run goes on."""

import json
import math
import shutil

import pytest
from safetensors.torch import load_file, save_file

from tests.workers.jobs.digits import ARCHITECTURE, entry
from tests.workers.jobs.ports import fake_ports
from workers.contracts.errors import Cancelled, UserError
from workers.contracts.jobs import JobRequest
from workers.engine.transfer.logme import logme
from workers.jobs import rank


@pytest.fixture(scope="module")
def blind(trained, tmp_path_factory):
    """The trained model without eyes: what it makes of every picture is the same."""
    folder = shutil.copytree(trained, tmp_path_factory.mktemp("zoo") / "blind")
    state = load_file(folder / "model.safetensors")
    (name,) = [name for name in state if name.endswith("patch_embeddings.projection.weight")]
    state[name].zero_()
    save_file(state, folder / "model.safetensors", {"format": "pt"})
    return folder


@pytest.fixture(scope="module")
def broken(trained, tmp_path_factory):
    folder = shutil.copytree(trained, tmp_path_factory.mktemp("zoo") / "broken")
    state = load_file(folder / "model.safetensors")
    name = next(name for name in state if name.endswith("layernorm_after.weight") or name.endswith("layernorm.weight"))
    state[name][0] = math.nan
    save_file(state, folder / "model.safetensors", {"format": "pt"})
    return folder


@pytest.fixture
def asked(clean, trained, blind, broken, adapter):
    folders = {"alice/blind": blind, "alice/broken": broken, "alice/trained": trained, "alice/adapter": adapter}
    inputs = [
        entry(
            "model",
            index,
            name,
            folder,
            config=ARCHITECTURE,
            artifact="adapter" if name == "alice/adapter" else "model",
        )
        for index, (name, folder) in enumerate(folders.items())
    ]
    facts = {"splits": {"test": 96}, "repo_type": "dataset", "columns": {"images": "image", "labels": "int64"}}
    inputs += [entry("base", 3, "alice/base", trained), entry("data", 0, "demo/clean", clean, **facts)]
    places = {("model", index): folder for index, folder in enumerate(folders.values())}
    recipe = {"kind": "rank", "models": list(folders), "data": [{"data": "demo/clean"}], "limit": 60, "seed": 3}
    return JobRequest(kind="rank", recipe=recipe, inputs=tuple(inputs)), places | {
        ("base", 3): trained,
        ("data", 0): clean,
    }


def run(root, asked, cancel_at=None, **recipe):
    request, folders = asked
    request = request.model_copy(update={"recipe": request.recipe | recipe})
    ports = fake_ports(root, request, folders, cancel_at=cancel_at)
    return rank.run(ports), ports


def test_puts_the_trained_model_before_a_blind_one(asked, tmp_path):
    result, _ = run(tmp_path, asked)
    report = result.report
    order = [row["model"]["reference"] for row in report["results"]]
    assert set(order) == {"alice/trained", "alice/adapter", "alice/blind"}
    assert order[-1] == "alice/blind"
    places = {row["model"]["reference"]: row["places"] for row in report["results"]}
    assert all(places["alice/blind"][name] == 3 for name in ("logme", "probe", "nearest_mean", "hscore"))
    assert result.report["results"][-1]["scores"]["hscore"] == pytest.approx(0.0, abs=1e-9)
    assert report["ordered_by"] == "logme"
    assert report["estimators"] == ["logme", "probe", "nearest_mean", "hscore", "leep", "nce"]
    assert (report["examples"], report["of"], report["task"]) == (60, 96, "image-classification")
    assert 0.1 <= report["baseline"] < 0.5
    assert result.metrics == {"best": order[0], "ranked": 3, "left_out": 1, "ordered_by": "logme"}
    assert [file.path for file in result.files] == ["report.json"]
    assert json.loads((tmp_path / "out" / "report.json").read_text()) == report


def test_leaves_a_broken_model_out_and_says_why(asked, tmp_path):
    result, ports = run(tmp_path, asked)
    (row,) = result.report["left_out"]
    assert (row["model"]["reference"], row["code"]) == ("alice/broken", "nan_features")
    assert "NaN" in row["message"]
    assert any("left out" in message and level == "warning" for _, message, level in ports.reporter.of("log"))


def test_scores_are_those_of_the_models_own_features(asked, clean, trained, tmp_path):
    """Against the state that transformers' own classifier sees, without the predictor."""
    import torch
    from transformers import AutoModelForImageClassification

    result, _ = run(tmp_path, asked, limit=1000)
    data = load_file(clean / "data" / "test.safetensors")
    model = AutoModelForImageClassification.from_pretrained(trained).eval()
    seen = []
    model.classifier.register_forward_hook(lambda module, inputs, output: seen.append(inputs[0]))
    with torch.no_grad():
        model(pixel_values=data["images"])
    expected = logme(seen[0].numpy(), data["labels"].numpy())
    row = next(row for row in result.report["results"] if row["model"]["reference"] == "alice/trained")
    assert row["scores"]["logme"] == pytest.approx(expected, abs=1e-5)
    assert row["dimensions"] == seen[0].shape[1]


def test_the_same_sample_gives_the_same_scores_and_another_seed_another_sample(asked, tmp_path):
    first, again, other = (
        [row["scores"] for row in run(tmp_path / name, asked, seed=seed)[0].report["results"]]
        for name, seed in (("a", 3), ("b", 3), ("c", 4))
    )
    assert first == again
    assert first != other


def test_killed_run_goes_on_with_the_models_that_are_left(asked, tmp_path):
    with pytest.raises(Cancelled):
        run(tmp_path / "cut", asked, cancel_at=4)
    result, ports = run(tmp_path / "cut", asked)
    whole, _ = run(tmp_path / "whole", asked)
    assert result.resumed_units > 0
    assert len(ports.reporter.of("checkpoint")) == 4 - result.resumed_units
    assert [row["scores"] for row in result.report["results"]] == [row["scores"] for row in whole.report["results"]]


def test_named_estimators_decide_the_order(asked, tmp_path):
    result, _ = run(tmp_path, asked, estimators=["nce", "leep"])
    assert result.report["estimators"] == ["nce", "leep"]
    assert result.report["ordered_by"] == "nce"
    assert all(set(row["scores"]) == {"nce", "leep"} for row in result.report["results"])


def test_ends_with_the_reasons_when_no_model_can_look(asked, tmp_path):
    request, folders = asked
    only = tuple(item for item in request.inputs if item.reference in ("alice/broken", "demo/clean"))
    with pytest.raises(UserError, match="None of the models could look at the sample"):
        run(tmp_path, (request.model_copy(update={"inputs": only}), folders), estimators=["logme"])


def test_sample_of_one_class_ranks_nobody(asked, clean, tmp_path):
    request, folders = asked
    (tmp_path / "one" / "data").mkdir(parents=True)
    data = load_file(clean / "data" / "test.safetensors")
    data["labels"] = data["labels"] * 0
    save_file(data, tmp_path / "one" / "data" / "test.safetensors")
    with pytest.raises(UserError, match="same answer") as caught:
        run(tmp_path / "job", (request, folders | {("data", 0): tmp_path / "one"}))
    assert caught.value.findings[0].code == "one_class"

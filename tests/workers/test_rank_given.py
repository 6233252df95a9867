"""`genepool rank FILE …`: features of one's own sample, ranked without a hub and without the models."""

import json

import numpy as np
import pytest
from safetensors.numpy import save_file

from hub.cli import main
from tests.workers.engine.transfer.problems import problem
from workers.engine.transfer.leep import leep
from workers.engine.transfer.logme import logme

SAMPLE = problem(3)


@pytest.fixture
def files(tmp_path):
    """Features that hold the label, and features that hold nothing."""
    rng = np.random.default_rng(0)
    written = []
    for name, features in (("noise", rng.normal(size=SAMPLE.features.shape)), ("good", SAMPLE.features)):
        path = tmp_path / f"{name}.safetensors"
        save_file({"features": features.astype(np.float32), "labels": SAMPLE.labels, "probabilities": SAMPLE.probabilities}, path)  # fmt: skip
        written.append(str(path))
    return written


def test_orders_models_by_what_their_features_hold(files, capsys):
    assert main(["rank", *files]) == 0
    head, first, second, note = capsys.readouterr().out.splitlines()
    assert head.split()[:2] == ["model", "LogME"]
    assert (first.split()[:2], second.split()[:2]) == (["1", "good"], ["2", "noise"])
    assert note.startswith("Always naming the commonest class")


def test_the_numbers_are_those_of_the_estimators(files, capsys):
    assert main(["rank", *files, "--json"]) == 0
    best = json.loads(capsys.readouterr().out)["results"][0]
    features = SAMPLE.features.astype(np.float32)
    assert best["scores"]["logme"] == pytest.approx(logme(features, SAMPLE.labels, name="m"), abs=1e-12)
    assert best["scores"]["leep"] == pytest.approx(leep(SAMPLE.probabilities, SAMPLE.labels, name="m"), abs=1e-12)


def test_numbers_are_ranked_by_what_suits_numbers(tmp_path, capsys):
    path = tmp_path / "m.safetensors"
    save_file({"features": SAMPLE.features, "target": SAMPLE.features[:, 0].copy()}, path)
    assert main(["rank", str(path), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["estimators"], found["baseline"]) == (["logme", "probe"], None)


N = len(SAMPLE.labels)


@pytest.mark.parametrize(
    ("tensors", "said"),
    [
        ({"features": SAMPLE.features}, "holds neither labels nor target"),
        ({"labels": SAMPLE.labels}, "holds neither features nor probabilities"),
        ({"features": SAMPLE.features[:-1], "labels": SAMPLE.labels}, f"a matrix of floats with {N} rows"),
        ({"features": np.full_like(SAMPLE.features, np.nan), "labels": SAMPLE.labels}, "NaN or infinity"),
        ({"features": SAMPLE.features, "labels": np.zeros(N, dtype=np.int64)}, "same answer"),
        ({"features": SAMPLE.features[:9], "labels": SAMPLE.labels[:9]}, "at least 20"),
        ({"features": SAMPLE.features, "labels": SAMPLE.labels[::-1].copy()}, "other labels than"),
    ],
)
def test_what_cannot_be_ranked_is_said_of_every_file_at_once(files, tmp_path, tensors, said, capsys):
    odd, torn = tmp_path / "odd.safetensors", tmp_path / "torn.safetensors"
    save_file({name: np.ascontiguousarray(value) for name, value in tensors.items()}, odd)
    torn.write_bytes(b"no safetensors")
    assert main(["rank", *files, str(odd), str(torn), str(tmp_path / "nowhere")]) == 1
    shown = capsys.readouterr()
    assert said in shown.err
    assert "torn.safetensors is no safetensors file" in shown.err
    assert "nowhere cannot be read" in shown.err
    assert not shown.out

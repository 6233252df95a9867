"""The job of one input: answered by the model itself, or by an adapter on its base, with nothing written."""

import base64
import io
import json

import numpy as np
import pytest
from PIL import Image

from tests.workers.jobs.digits import entry
from tests.workers.jobs.ports import fake_ports
from workers.contracts.jobs import JobRequest
from workers.jobs import try_out


@pytest.fixture(scope="module")
def picture():
    data = io.BytesIO()
    Image.fromarray((np.arange(64, dtype=np.uint8) * 3).reshape(8, 8)).save(data, "PNG")
    return base64.b64encode(data.getvalue()).decode()


def tried(root, picture, model, *more, folders):
    recipe = {"kind": "try", "model": model.reference, "input": {"image": picture}}
    ports = fake_ports(root, JobRequest(kind="try", recipe=recipe, inputs=(model, *more)), folders)
    return try_out.run(ports), ports


def test_answers_with_class_names_and_keeps_no_file(trained, picture, tmp_path):
    config = json.loads((trained / "config.json").read_text())
    model = entry("model", 0, "alice/base", trained, config=config)
    result, ports = tried(tmp_path, picture, model, folders={("model", 0): trained})
    answer = result.metrics["answer"]
    assert answer["task"] == "image-classification"
    assert sorted(row["name"] for row in answer["classes"]) == [str(digit) for digit in range(10)]
    assert sum(row["confidence"] for row in answer["classes"]) == pytest.approx(1.0)
    assert answer["seconds"] >= 0
    assert result.files == ()
    assert not any(ports.workspace.out.iterdir())
    json.dumps(result.metrics, allow_nan=False)


def test_adapter_answers_on_its_base(trained, adapter, picture, tmp_path):
    config = json.loads((adapter / "adapter_config.json").read_text())
    base = entry("base", 0, "alice/base", trained, config=json.loads((trained / "config.json").read_text()))
    model = entry("model", 0, "alice/adapter", adapter, artifact="adapter", adapter=config, base=("alice/base",))
    folders = {("model", 0): adapter, ("base", 0): trained}
    adapted = tried(tmp_path / "a", picture, model, base, folders=folders)[0].metrics["answer"]["classes"]
    alone = entry("model", 0, "alice/base", trained, config=base.facts.config)
    plain = tried(tmp_path / "b", picture, alone, folders={("model", 0): trained})[0].metrics["answer"]["classes"]
    assert adapted != plain

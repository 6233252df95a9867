"""Methods that learn, on a tiny left-to-right language model: GPT-2's layers lie the other way round, and texts have lengths."""

import json

import pytest
import torch

from tests.builders import finetuned, model_folder
from tests.text_models import gpt2_folder
from tests.workers.engine.merge import lessons
from workers.engine.data.examples import examples_of
from workers.engine.data.splits import open_split

TEXTS = [
    "one two three four",
    "three four five",
    "one",
    "two two three one five four",
    "five four",
    "four three two one",
]


@pytest.fixture(scope="module")
def room(tmp_path_factory):
    root = tmp_path_factory.mktemp("texts")
    base = gpt2_folder(root / "base", length=16)
    folders = [base]
    for index in range(2):
        folder = root / f"tuned-{index}"
        folders.append(gpt2_folder(folder, length=16))
        config = json.loads((base / "config.json").read_text())
        model_folder(folder, finetuned(lessons.state(base), seed=index), config=config)
    data = root / "data"
    data.mkdir()
    (data / "train.jsonl").write_text("".join(json.dumps({"text": text}) + "\n" for text in TEXTS))
    return root, folders, [examples_of(open_split(data, "train", reference="texts", scratch=root), "causal-lm")]


@pytest.mark.parametrize(
    ("method", "options"),
    [
        ("fisher", {"examples": 2}),
        ("regmean", {"examples": 4}),
        ("regmean_pp", {"examples": 4}),
        ("atlas", {"steps": 6, "batch_size": 2, "learning_rate": 0.05}),
        (
            "expert_merging",
            {"batch_size": 2, "epochs": 4, "penalty": 0.0, "learning_rate": 0.1, "hidden_layers": "all"},
        ),
    ],
)
def test_learns_on_a_language_model(room, method, options):
    root, folders, data = room
    used = folders if method in {"atlas", "expert_merging"} else folders[1:]
    made = lessons.learning_of(root, used, method, data, out=method, task="causal-lm", **options)
    report = lessons.learn(made)
    first = lessons.learned(made, next(step.name for step in made.merged if step.name.endswith("c_attn.weight")))
    if method == "fisher":
        assert first["fisher0"].sum() > 0
    elif method.startswith("regmean"):
        assert int(first["axis"]) == 0
        assert first["gram0"].shape[0] == lessons.state(folders[0])["transformer.h.0.attn.c_attn.weight"].shape[0]
    else:
        assert report["loss"][1] < report["loss"][0]
        assert torch.isfinite(first["coefficients"]).all()

"""AdaMerging: its formula, its objective going down, and equal bytes after a kill."""

import numpy as np
import pytest
import torch

from tests.workers.engine.merge import lessons
from tests.workers.engine.merge.steps import named, tensors
from workers.contracts.errors import Cancelled
from workers.engine.merge.adamerging import merge
from workers.engine.merge.step import MergeStep


@pytest.mark.parametrize("shape", [(), (5,), (37, 11), (2, 3, 4, 5)])
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_is_the_formula(shape, dtype):
    base, *sources = [tensor.to(dtype) for tensor in tensors(4, shape)]
    table = torch.tensor([[0.3], [0.0], [0.9]])
    step = MergeStep(
        name="w", raw_base=base.flatten(), raw_sources=tuple(source.flatten() for source in sources), source_ids=(1, 2, 3),
        parameters={}, format=named(dtype), shape=shape, learned={"coefficients": table},
    )  # fmt: skip
    b = base.double().numpy()
    expected = b + sum(
        float(c) * (source.double().numpy() - b) for c, source in zip(table.double(), sources, strict=True)
    )
    tolerance = 1e-6 if dtype == torch.float32 else 1e-2
    np.testing.assert_allclose(merge(step).view(shape).double().numpy(), expected, rtol=tolerance, atol=tolerance)


@pytest.fixture
def data(tmp_path):
    return [lessons.digits(tmp_path, domain, labelled=False) for domain in ("clean", "noisy")]


def learned(root, data, method="adamerging", **options):
    folders = lessons.family(root) if not (root / "models").is_dir() else sorted((root / "models").iterdir())
    return lessons.learning_of(root, folders, method, data, **({"steps": 12, "batch_size": 8} | options))


@pytest.mark.parametrize("level", ["layer", "task"])
def test_the_merged_model_becomes_surer(tmp_path, data, level):
    learning = learned(tmp_path, data, level=level, steps=20, learning_rate=0.02)
    report = lessons.learn(learning)
    assert report["loss"][1] < report["loss"][0]
    tables = [lessons.learned(learning, step.name)["coefficients"] for step in learning.merged]
    assert all(table.shape == (2, 1) and 0 <= table.min() <= table.max() <= 1 for table in tables)
    assert (len({table.numpy().tobytes() for table in tables}) == 1) == (level == "task")
    assert report["coefficients"] == (2 if level == "task" else 2 * len(tables))
    assert [event for event in learning.reporter.of("metric") if event[1] == "loss"]


def test_goes_on_after_a_kill_with_equal_bytes(tmp_path, data):
    whole = learned(tmp_path, data, out="whole")
    report = lessons.learn(whole)
    with pytest.raises(Cancelled):
        lessons.learn(learned(tmp_path, data, out="killed", cancel_at=7))
    resumed = learned(tmp_path, data, out="killed")
    assert not lessons.files(resumed)
    assert lessons.learn(resumed) == report
    assert lessons.files(resumed) == lessons.files(whole)


def test_another_seed_takes_another_way(tmp_path, data):
    files = []
    for seed in (0, 1):
        learning = learned(tmp_path, data, out=f"s{seed}", seed=seed, examples=8)
        lessons.learn(learning)
        files.append(lessons.files(learning))
    assert files[0] != files[1]

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from tests.builders import vit_family
from tests.workers.engine.merge import mask_references as references
from tests.workers.engine.merge.steps import close, merged, step_and_result, tensors
from tests.workers.engine.plans import plan_of
from tests.workers.jobs.ports import FakeCancel, FakeReporter
from workers.engine.execute import execute


@pytest.mark.parametrize("scope", ["global", "tensor"])
@pytest.mark.parametrize("sparsity", [0.01, 0.1, 0.5, 1.0])
@pytest.mark.parametrize("shape", [(300, 70), (17,), (2, 3, 4, 5), (1,)])
def test_agrees_with_float64(scope, sparsity, shape):
    base, *sources = tensors(4, shape)
    expected = base.double().numpy() + references.localize_stitch(references.rows_of(base, sources), sparsity).reshape(
        shape
    )
    step, result = step_and_result("localize_stitch", base, sources, sparsity=sparsity, scope=scope)
    assert (np.abs(result.double().numpy() - expected) > 1e-6).sum() <= 3  # float32 may break a near tie the other way
    assert step.measures.kept == [max(1, int(sparsity * base.numel()))] * 3


def test_one_threshold_holds_for_the_whole_model(tmp_path):
    family = list(vit_family(tmp_path / "models"))
    ports = {"reporter": FakeReporter(), "cancel": FakeCancel()}
    execute(plan_of(family, "localize_stitch"), family, tmp_path / "out", tmp_path / "journal", threads=2, **ports)
    base, *sources = (load_file(folder / "model.safetensors") for folder in family)
    names = sorted(base)
    rows = np.hstack([references.rows_of(base[name], [source[name] for source in sources]) for name in names])
    made = load_file(tmp_path / "out" / "model.safetensors")
    change = np.concatenate([(made[name].double() - base[name].double()).numpy().ravel() for name in names])
    assert (np.abs(change - references.localize_stitch(rows, 0.1)) > 1e-4 * np.abs(rows).max()).mean() < 1e-3


def test_overlaps_are_averaged_over_all_that_overlap():
    """Three masks on the first place, two on the second, one on the third, none on the last."""
    base = torch.zeros(4)
    sources = [
        torch.tensor([3.0, 2.0, 1.0, 0.0]),
        torch.tensor([6.0, 4.0, 0.0, 0.0]),
        torch.tensor([9.0, 0.0, 0.0, 0.0]),
    ]
    assert merged("localize_stitch", base, sources, sparsity=1.0).tolist() == [6.0, 3.0, 1.0, 0.0]


def test_ties_at_the_threshold_are_all_kept():
    base = torch.zeros(6)
    source = torch.tensor([1.0, -1.0, 1.0, 0.5, 2.0, 0.0])
    assert close(
        merged("localize_stitch", base, [source], sparsity=0.34), torch.tensor([1.0, -1.0, 1.0, 0.0, 2.0, 0.0])
    )

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
@pytest.mark.parametrize("ratio", [0.1, 0.05, 0.5, 1.0])
@pytest.mark.parametrize("shape", [(300, 70), (37,), (2, 3, 4, 5)])
def test_agrees_with_float64(scope, ratio, shape):
    base, *sources = (tensor.double() for tensor in tensors(4, shape))
    weights = [1.0, 0.8, 1.3]
    expected = references.pcb(references.rows_of(base, sources), weights, ratio, 0.9).reshape(shape)
    result = merged(
        "pcb", base, sources, maths=torch.float64, weight=weights, ratio=ratio, scope=scope, **{"lambda": 0.9}
    )
    assert np.allclose((result - base).numpy(), expected, rtol=1e-4, atol=1e-6)


def test_float32_is_near_float64():
    base, *sources = tensors(4, (300, 70))
    expected = references.pcb(references.rows_of(base, sources), [1.0] * 3, 0.1, 1.2).reshape(base.shape)
    off = np.abs((merged("pcb", base, sources) - base).numpy() - expected)
    # Entries at the very threshold may fall on either side of it.
    assert (off > 1e-4).mean() < 1e-3


@pytest.mark.parametrize("threads", [1, 3])
def test_one_competition_runs_over_the_whole_model(tmp_path, threads):
    family = list(vit_family(tmp_path / "models"))
    ports = {"reporter": FakeReporter(), "cancel": FakeCancel()}
    execute(plan_of(family, "pcb"), family, tmp_path / "out", tmp_path / "journal", threads=threads, **ports)
    base, *sources = (load_file(folder / "model.safetensors") for folder in family)
    names = sorted(base)
    rows = np.hstack([references.rows_of(base[name], [source[name] for source in sources]) for name in names])
    expected = references.pcb(rows, [1.0] * 3, 0.1, 1.2)
    made = load_file(tmp_path / "out" / "model.safetensors")
    change = np.concatenate([(made[name].double() - base[name].double()).numpy().ravel() for name in names])
    assert (np.abs(change - expected) > 1e-4 * np.abs(rows).max()).mean() < 2e-3


def test_tensor_by_tensor_reads_nothing_beforehand(tmp_path):
    family = list(vit_family(tmp_path / "models"))
    reporter = FakeReporter()
    execute(
        plan_of(family, "pcb", scope="tensor"),
        family,
        tmp_path / "out",
        tmp_path / "journal",
        reporter=reporter,
        cancel=FakeCancel(),
    )
    assert not [message for message in reporter.of("progress") if "Looking at" in str(message)]


def test_keeps_the_asked_share_of_each_model():
    base, *sources = tensors(4, (200, 100))
    step, _ = step_and_result("pcb", base, sources, ratio=0.2)
    assert all(abs(kept / base.numel() - 0.2) < 1e-3 for kept in step.measures.kept)


def test_one_entry_alone_is_kept():
    base = torch.zeros(1)
    assert close(merged("pcb", base, [torch.ones(1), torch.ones(1)], scope="tensor", **{"lambda": 1.0}), torch.ones(1))


def test_what_goes_against_the_others_loses():
    base = torch.zeros(1000)
    first = torch.linspace(0.1, 1.0, 1000)
    against = -0.5 * first
    # What the second model changed is outvoted everywhere, so that the first comes through where it is strongest.
    change = merged("pcb", base, [first, against], ratio=0.1, **{"lambda": 1.0})
    assert (change[950:998] > 0.9 * first[950:998]).all()
    assert (change[:850] <= 0).all()


def test_many_sources_do_not_overflow():
    base = torch.zeros(50)
    sources = [torch.linspace(0.1, 1.0, 50) for _ in range(120)]
    assert merged("pcb", base, sources).isfinite().all()


@pytest.mark.parametrize("scope", ["global", "tensor"])
@pytest.mark.parametrize("broken", [float("nan"), float("inf")])
def test_a_source_without_finite_changes_leaves_the_run_alive(scope, broken):
    base, first, second = tensors(3)
    step, result = step_and_result("pcb", base, [torch.full_like(first, broken), second], scope=scope)
    assert step.measures.bad_inputs == first.numel()
    assert result.shape == base.shape

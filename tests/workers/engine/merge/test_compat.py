"""`compat: mergekit`: arithmetic in the inputs' own format. Held to mergekit itself by the parity suite; here to what it must be."""

import pytest
import torch
from safetensors.torch import load_file

from kernels.raw import tensor_of
from tests.builders import finetuned, mlp_state, model_folder
from tests.workers.engine.merge.steps import close, named, tensors
from tests.workers.engine.plans import ROWS, parameters_of, plan_of
from tests.workers.jobs.ports import FakeCancel, FakeReporter
from workers.contracts.plans import Plan
from workers.engine.execute import execute
from workers.engine.make import merger_of
from workers.engine.merge.compat import NATIVE
from workers.engine.merge.step import MergeStep


def run(method, made, *, compat=True, dtype=None, **parameters):
    """Base and sources in `made`; through the merger that a plan would give."""
    row = ROWS[method]
    sources = made[1:][: row.maximum_sources]
    values = parameters_of(method, len(sources), parameters)
    step = MergeStep(
        name="w", raw_base=made[0].flatten() if row.takes_base else None, raw_sources=tuple(source.flatten() for source in sources),
        source_ids=tuple(range(1, len(sources) + 1)), parameters=values, format=named(dtype or made[0].dtype),
        shape=tuple(made[0].shape),
    )  # fmt: skip
    plan = Plan(method=method, method_revision=1, seed=0, steps=(), shards=(), compat="mergekit" if compat else None)
    return step, tensor_of(merger_of(plan).merge(step)).view(made[0].shape)


@pytest.mark.parametrize("method", sorted(NATIVE))
def test_in_float32_it_is_the_default_up_to_rounding(method):
    made = tensors(4, (30, 20), scale=1.0)
    # `inverse` is ours alone, and quantiles of importance rest on tiny divergences.
    options = {"rescale": "l1"} if ROWS[method].parameter("rescale") else {}
    own, theirs = (run(method, made, compat=compat, **options)[1] for compat in (False, True))
    assert torch.allclose(own, theirs, rtol=1e-5, atol=1e-6 * made[0].abs().max().item())


@pytest.mark.parametrize("method", sorted(NATIVE))
@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16, torch.float64])
def test_takes_every_shape_and_format(method, dtype):
    for shape in [(), (5,), (3, 0, 2), (7, 3), (2, 3, 4, 5)]:
        step, result = run(method, [tensor.to(dtype) for tensor in tensors(4, shape)])
        assert (result.dtype, result.shape) == (dtype, shape)
        assert result.isfinite().all(), shape
        assert len(step.measures.report(1)["norms"]) == (len(step.sources) if step.elements else 0)


def test_ties_rounds_every_operation_to_bfloat16():
    base, *sources = (tensor.bfloat16() for tensor in tensors(3, (40, 30)))
    weights = torch.tensor([0.7, 0.4], dtype=torch.bfloat16)
    weighted = [(source - base) * weight for source, weight in zip(sources, weights, strict=True)]
    total = (weighted[0].float() + weighted[1].float()).bfloat16()
    sign = torch.where(total >= 0, 1.0, -1.0)
    agree = [value.float() * sign > 0 for value in weighted]
    summed = sum(value.float() * mask for value, mask in zip(weighted, agree, strict=True)).bfloat16()
    divisor = sum(weight.float() * mask for weight, mask in zip(weights, agree, strict=True)).bfloat16()
    expected = base + summed / torch.where(divisor == 0, 1, divisor)
    _, result = run("ties", [base, *sources], weight=[0.7, 0.4], density=1.0)
    assert torch.equal(result, expected)
    _, own = run("ties", [base, *sources], weight=[0.7, 0.4], density=1.0, compat=False)
    assert not torch.equal(own, expected)


def test_weights_that_cancel_divide_by_one():
    base, *sources = tensors(3)
    _, result = run("task_arithmetic", [base, *sources], weight=[1.0, -1.0], normalize=True)
    assert close(result, (base + sources[0] - sources[1]).double())


def test_l1_leaves_tiny_changes_alone():
    base = torch.zeros(10)
    source = torch.full((10,), 1e-9)
    _, result = run("ties", [base, source], density=0.5, rescale="l1")
    assert result.tolist() == [source[0].item()] * 5 + [0.0] * 5


def test_sce_weighs_small_changes_alike():
    base, *sources = tensors(3, (50, 50))
    small = [base + 1e-4 * factor * (source - base) for source, factor in zip(sources, (1.0, 4.0), strict=True)]
    agree = ((small[0] - base) * (small[1] - base) > 0) & (small[0] != small[1])
    _, result = run("sce", [base, *small])
    mean = (small[0] + small[1]) / 2
    assert torch.allclose((result - base)[agree], (mean - base)[agree], rtol=1e-2, atol=1e-8)


def test_a_source_without_changes_of_its_own_takes_the_largest_ratio():
    """RAM+ there divides by ε where there is no own change: nothing to raise, so nothing changes."""
    base = torch.zeros(3)
    made = [base, torch.tensor([1.0, 1.0, 0.0]), torch.tensor([1.0, 0.0, 0.0])]
    assert run("ramplus_tl", made)[1].tolist() == run("ramplus_tl", made, compat=False)[1].tolist()


def test_whole_plans_are_made_with_it(tmp_path):
    state = mlp_state(dtype=torch.float32)
    states = [state, finetuned(state, seed=1), finetuned(state, seed=2)]
    folders = [model_folder(tmp_path / str(index), one) for index, one in enumerate(states)]
    plan = plan_of(folders, "task_arithmetic", weight=[0.3, 0.6], dtype="float32").model_copy(
        update={"compat": "mergekit", "input_dtype": "bfloat16"}
    )
    execute(plan, folders, tmp_path / "out", tmp_path / "journal", reporter=FakeReporter(), cancel=FakeCancel())
    made = load_file(tmp_path / "out" / "model.safetensors")
    weights = torch.tensor([0.3, 0.6], dtype=torch.bfloat16)
    for name, tensor in made.items():
        base, *sources = (one[name].bfloat16() for one in states)
        change = torch.stack([(source - base) * weight for source, weight in zip(sources, weights, strict=True)]).sum(0)
        assert tensor.dtype == torch.float32
        assert torch.equal(tensor, (base + change).float()), name

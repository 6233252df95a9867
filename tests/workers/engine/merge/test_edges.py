"""Every method over the shapes, formats and values that break mergers."""

import pytest
import torch

from tests.workers.engine.merge.steps import METHODS, merged, step_and_result, tensors
from tests.workers.engine.plans import ROWS

# Their formulas hold quantities with a scale of their own (in the units of the weights, or by a softmax over them): a change
# twice as large is not the same change.
SCALED = ("pcb", "wudi", "nearswap", "ram", "ramplus_tl", "arcee_fusion")
SHAPES = [(), (1,), (5,), (0,), (3, 0, 2), (7, 3), (2, 3, 4, 5), (65_536,), (65_537,), (300, 701)]


def sources_of(method, made):
    return made[1:][: ROWS[method].maximum_sources]


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float16, torch.bfloat16, torch.float64])
def test_gives_the_shape_and_format_asked_for(method, shape, dtype):
    made = [tensor.to(dtype) for tensor in tensors(4, shape)]
    maths = torch.float64 if dtype == torch.float64 else torch.float32
    result = merged(method, made[0], sources_of(method, made), maths=maths)
    assert result.shape == shape
    assert result.dtype == dtype
    assert result.isfinite().all()


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("shape", [(), (40, 30), (0,)])
def test_merging_a_model_with_itself_changes_nothing(method, shape):
    base = tensors(1, shape)[0]
    assert torch.allclose(merged(method, base, sources_of(method, [base] * 4)), base, rtol=3e-7, atol=0)


@pytest.mark.parametrize(
    "method", [method for method in METHODS if ROWS[method].needs == "base" and not ROWS[method].merges_base]
)
def test_no_change_anywhere_gives_the_base_to_the_bit(method):
    base = tensors(1, (99,))[0].bfloat16()
    assert torch.equal(merged(method, base, sources_of(method, [base.clone() for _ in range(3)])), base)


@pytest.mark.parametrize("method", ["linear", "task_arithmetic", "ties"])
def test_the_order_of_sources_does_not_matter(method):
    base, *sources = tensors(4, (50, 50))
    weights = [1.0, 0.5, 0.25]
    forward = merged(method, base, sources, weight=weights)
    backward = merged(method, base, sources[::-1], weight=weights[::-1])
    assert torch.allclose(forward, backward, rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize("method", [method for method in METHODS if method not in SCALED])
def test_scales_with_its_inputs(method):
    made = tensors(4, (50, 50))
    result = merged(method, made[0], sources_of(method, made))
    doubled = [2 * tensor for tensor in made]
    assert torch.equal(merged(method, doubled[0], sources_of(method, doubled)), 2 * result)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_entries_that_are_no_numbers_are_counted(method, value):
    made = tensors(3, (300, 300))
    made[1] = made[1].clone()
    made[1][7, 7] = value
    step, result = step_and_result(method, made[0], sources_of(method, made))
    report = step.measures.report(step.elements)
    assert report["bad_inputs"] >= 1
    assert report["bad_results"] == int((~result.isfinite()).sum())
    assert all(number is None or number == number for number in [report["norm"], *report["norms"], *report["cosines"]])


def test_a_result_too_large_for_float16_is_counted():
    large = torch.full((10,), 60_000.0)
    large[3] = 10.0
    step, result = step_and_result(
        "linear", None, [large, large], weight=[1.0, 1.0], normalize=False, dtype=torch.float16
    )
    assert int(result.isinf().sum()) == 9
    assert step.measures.report(10)["bad_results"] == 9


def test_finite_values_are_not_counted_as_bad():
    huge = torch.full((10,), 3e38)
    step, _ = step_and_result("linear", None, [huge])
    assert (step.measures.bad_inputs, step.measures.bad_results) == (0, 0)


@pytest.mark.parametrize("method", METHODS)
def test_mixed_formats_are_merged_in_float32(method):
    made = tensors(3, (31, 7))
    mixed = [made[0].bfloat16(), made[1].half(), made[2]]
    result = merged(method, mixed[0], sources_of(method, mixed), dtype=torch.float32)
    widened = [tensor.float() for tensor in mixed]
    assert torch.equal(result, merged(method, widened[0], sources_of(method, widened), dtype=torch.float32))


@pytest.mark.parametrize("method", METHODS)
def test_inputs_are_left_as_they_are(method):
    made = tensors(3, (70, 70))
    before = [tensor.clone() for tensor in made]
    merged(method, made[0], sources_of(method, made))
    assert all(torch.equal(tensor, kept) for tensor, kept in zip(made, before, strict=True))


def test_a_parameter_list_of_the_wrong_length_is_refused():
    base, *sources = tensors(3)
    with pytest.raises(ValueError, match="1 values of weight for 2 sources"):
        merged("ties", base, sources, weight=[1.0])


@pytest.mark.parametrize("dtype", [torch.float8_e4m3fn, torch.float8_e5m2], ids=str)
@pytest.mark.parametrize("value", [300.0, float("nan")], ids=["large", "no number"])
@pytest.mark.parametrize("method", ["linear", "task_arithmetic", "ties", "pcb"])
def test_formats_of_eight_bits_are_looked_at(method, value, dtype):
    base, *sources = (torch.full((64, 64), value).to(dtype) for _ in range(3))
    step, result = step_and_result(method, base, sources)
    assert result.dtype == dtype
    assert step.measures.bad_results == int((~result.float().isfinite()).sum())

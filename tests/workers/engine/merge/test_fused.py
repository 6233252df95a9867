"""Whole-tensor kernels make what the walk in stretches makes, bit for bit, with the same measures."""

import math

import pytest
import torch

from kernels.compiled.library import is_built
from kernels.dispatch import OVERRIDE
from tests.workers.engine.merge.steps import step_and_result, tensors

CASES = [
    ("task_arithmetic", {"weight": [1.0, 0.5, -0.3]}),
    ("task_arithmetic", {"weight": [1.0, 0.5, 2.0], "normalize": True, "lambda": 0.7}),
    ("ties", {"weight": [1.0, 0.5, 2.0], "density": [0.3, 0.9, 1.0]}),
    ("ties", {"weight": [1.0, 1.0, 1.0], "density": 0.2, "vote": "raw", "reduce": "count"}),
    ("ties", {"weight": [1.0, -0.5, 2.0], "density": 0.3, "rescale": "l1", "normalize": False}),
    ("ties", {"weight": [1.0, 0.5, 2.0], "density": 0.4, "scope": "global"}),
    ("ties", {"weight": [1.0, -0.5, -0.5], "density": 0.5}),
    ("ties", {"weight": [0.0, 0.0, 0.0], "density": 0.5}),
    ("dare_linear", {"weight": [1.0, 0.5, 2.0], "density": [0.3, 0.9, 1.0]}),
    ("dare_ties", {"weight": [1.0, 0.5, 2.0], "density": 0.3, "reduce": "sum"}),
    ("dare_linear", {"weight": [1.0, 0.5, 2.0], "density": 0.5, "rescale": "l1"}),
    ("breadcrumbs", {"weight": [1.0, 0.5, 2.0], "density": [0.5, 0.9, 1.0], "gamma": [0.1, 0.2, 0.0]}),
    ("breadcrumbs_ties", {"weight": [1.0, 0.5, 2.0], "density": 0.5, "gamma": 0.5}),
    ("della", {"weight": [1.0, 0.5, 2.0], "density": [0.5, 0.3, 1.0], "epsilon": 0.1}),
    ("della_linear", {"weight": [1.0, 0.5, 2.0], "density": 0.5, "epsilon": 0.2, "rescale": "none"}),
]


BUILT = pytest.mark.skipif(not is_built(), reason="The compiled kernels are not built: there was no C compiler.")
# Between what a walk in stretches and a whole-tensor kernel say of norms and cosines, in parts of the value.
REPORTED = 1e-5


@pytest.fixture(params=["reference", pytest.param("compiled", marks=BUILT)])
def whole(request):
    """Which whole-tensor kernels make it."""
    return request.param


def both_ways(monkeypatch, whole, method, base, sources, **options):
    monkeypatch.setenv(OVERRIDE, "cpu")
    plain = step_and_result(method, base, sources, **options)
    monkeypatch.setenv(OVERRIDE, whole)
    return plain, step_and_result(method, base, sources, **options)


def same_report(one, other):
    """Counts equal; sums, which are taken in another order, nearly so."""
    found, wanted = one.measures.report(one.elements), other.measures.report(other.elements)
    assert found.keys() == wanted.keys()
    for name in found:
        one, other = (
            [math.nan if value is None else value for value in (each if isinstance(each, list) else [each])]
            for each in (found[name], wanted[name])
        )
        assert one == pytest.approx(other, rel=REPORTED, abs=REPORTED, nan_ok=True), name


@pytest.mark.parametrize(("method", "parameters"), CASES, ids=lambda value: value if isinstance(value, str) else "")
@pytest.mark.parametrize("shape", [(), (5,), (0, 3), (300, 250)], ids=str)
def test_gives_the_same_bits(method, parameters, shape, whole, monkeypatch):
    # Coarse steps: many changes are equal, some are none.
    base, *sources = (tensor.mul(32).round().div(32) for tensor in tensors(4, shape))
    (step, plain), (fused_step, fused) = both_ways(monkeypatch, whole, method, base, sources, **parameters)
    assert fused_step.fused == (whole == "reference")
    assert torch.equal(plain, fused)
    same_report(step, fused_step)


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16], ids=str)
@pytest.mark.parametrize("method", ["ties", "dare_ties", "della"])
def test_gives_the_same_bits_in_sixteen(method, dtype, whole, monkeypatch):
    base, *sources = (tensor.to(dtype) for tensor in tensors(3, (40, 30)))
    sources[0][3, 4] = float("nan")
    (_, plain), (step, fused) = both_ways(monkeypatch, whole, method, base, sources, weight=[1.0, 0.5], density=0.5)
    assert fused.dtype == dtype
    # What is no number has one pattern too.
    assert torch.equal(plain.view(torch.int16), fused.view(torch.int16))
    assert plain.isnan().any()
    assert step.measures.bad_inputs == 1


def test_float64_is_walked_in_stretches(whole, monkeypatch):
    base, *sources = (tensor.double() for tensor in tensors(3))
    options = {"weight": [1.0, 0.5], "density": 0.5, "maths": torch.float64}
    (_, plain), (step, result) = both_ways(monkeypatch, whole, "ties", base, sources, **options)
    assert not step.fused
    assert not step.compiled
    assert torch.equal(plain, result)


@pytest.mark.parametrize("scope", ["global", "tensor"])
@pytest.mark.parametrize("shape", [(300, 250), (0, 3), ()], ids=str)
def test_pcb_gives_the_same_to_rounding(scope, shape, monkeypatch):
    base, *sources = tensors(4, shape)
    options = {"weight": [1.0, 0.5, 2.0], "scope": scope, "ratio": 0.3}
    (step, plain), (fused_step, fused) = both_ways(monkeypatch, "reference", "pcb", base, sources, **options)
    assert fused_step.fused
    torch.testing.assert_close(fused, plain, rtol=1e-6, atol=1e-7)
    assert fused_step.measures.report(step.elements)["kept"] == step.measures.report(step.elements)["kept"]


PLAIN = [
    ("linear", {"weight": [1.0, 0.5, -0.3], "normalize": True}),
    ("linear", {"weight": [1.0, 2.0, 1.0], "normalize": False}),
]


@BUILT
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float16], ids=str)
@pytest.mark.parametrize("shape", [(), (0, 3), (1030, 1031)], ids=str)
@pytest.mark.parametrize(("method", "parameters"), [*PLAIN, ("slerp", {"t": 0.3})], ids=["mean", "sum", "slerp"])
def test_averages_have_the_same_bits_and_report_the_same(method, parameters, shape, dtype, monkeypatch):
    base, *sources = (tensor.to(dtype) for tensor in tensors(4, shape))
    sources = sources[:1] if method == "slerp" else sources
    (step, plain), (other, made) = both_ways(monkeypatch, "compiled", method, base, sources, **parameters)
    assert other.compiled
    assert torch.equal(plain, made)
    same_report(step, other)


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16], ids=str)
@pytest.mark.parametrize("method", ["linear", "task_arithmetic", "ties", "dare_linear"])
def test_infinity_less_infinity_is_stored_alike(method, dtype, whole, monkeypatch):
    base, *sources = (tensor.to(dtype) for tensor in tensors(3, (40, 30)))
    base[1, 1] = sources[0][1, 1] = sources[1][1, 1] = float("inf")
    sources[0][2, 2], sources[1][2, 2] = -float("inf"), float("inf")
    (_, plain), (_, made) = both_ways(monkeypatch, whole, method, base, sources, weight=[1.0, 0.5])
    assert torch.equal(plain.view(torch.int16), made.view(torch.int16))
    assert plain.isnan().any()


def test_a_factor_beyond_float32_makes_no_nan(whole, monkeypatch):
    base = torch.zeros(1024)
    source = base.clone()
    source[0], source[1::2] = 1.0, 1e-42
    options = {"weight": [1.0], "density": 0.5, "gamma": 0.01, "rescale": "l1"}
    (_, plain), (_, made) = both_ways(monkeypatch, whole, "breadcrumbs", base, [source], **options)
    assert torch.equal(plain, made)
    assert plain.isfinite().all()


@BUILT
def test_a_tensor_with_entries_that_are_no_numbers_is_looked_at_entry_by_entry(monkeypatch):
    base, *sources = tensors(3, (40, 30))
    base[0, 0] = float("inf")
    sources[1][3, 4] = float("nan")
    sources[0][5, 5] = 3e38
    (step, _), (other, _) = both_ways(monkeypatch, "compiled", "ties", base, sources, weight=[1.0, 1.0], density=0.5)
    found, wanted = other.measures.report(1200), step.measures.report(1200)
    assert found["bad_inputs"] == 3
    assert all(found[name] == wanted[name] for name in ("bad_inputs", "bad_results", "bad_base", "bad_sources", "kept"))


@BUILT
def test_a_result_too_large_for_its_format_is_counted(monkeypatch):
    base, *sources = tensors(3, (40, 30))
    sources[0][7, 7] = 1e5
    (step, plain), (other, made) = both_ways(
        monkeypatch, "compiled", "linear", base, sources, dtype=torch.float16, weight=[1.0, 0.0], normalize=False
    )
    assert torch.equal(plain, made)
    assert other.measures.bad_results == step.measures.bad_results == 1

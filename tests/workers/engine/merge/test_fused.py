"""Whole-tensor kernels make what the walk in stretches makes, bit for bit, with the same measures."""

import pytest
import torch

from kernels.dispatch import OVERRIDE
from tests.workers.engine.merge.steps import step_and_result, tensors

CASES = [
    ("task_arithmetic", {"weight": [1.0, 0.5, -0.3]}),
    ("task_arithmetic", {"weight": [1.0, 0.5, 2.0], "normalize": True, "lambda": 0.7}),
    ("ties", {"weight": [1.0, 0.5, 2.0], "density": [0.3, 0.9, 1.0]}),
    ("ties", {"weight": [1.0, 1.0, 1.0], "density": 0.2, "vote": "raw", "reduce": "count"}),
    ("ties", {"weight": [1.0, -0.5, 2.0], "density": 0.3, "rescale": "l1", "normalize": False}),
    ("ties", {"weight": [1.0, 0.5, 2.0], "density": 0.4, "scope": "global"}),
    ("dare_linear", {"weight": [1.0, 0.5, 2.0], "density": [0.3, 0.9, 1.0]}),
    ("dare_ties", {"weight": [1.0, 0.5, 2.0], "density": 0.3, "reduce": "sum"}),
    ("dare_linear", {"weight": [1.0, 0.5, 2.0], "density": 0.5, "rescale": "l1"}),
    ("breadcrumbs", {"weight": [1.0, 0.5, 2.0], "density": [0.5, 0.9, 1.0], "gamma": [0.1, 0.2, 0.0]}),
    ("breadcrumbs_ties", {"weight": [1.0, 0.5, 2.0], "density": 0.5, "gamma": 0.5}),
    ("della", {"weight": [1.0, 0.5, 2.0], "density": [0.5, 0.3, 1.0], "epsilon": 0.1}),
    ("della_linear", {"weight": [1.0, 0.5, 2.0], "density": 0.5, "epsilon": 0.2, "rescale": "none"}),
]


def both_ways(monkeypatch, method, base, sources, **options):
    plain = step_and_result(method, base, sources, **options)
    monkeypatch.setenv(OVERRIDE, "reference")
    return plain, step_and_result(method, base, sources, **options)


@pytest.mark.parametrize(("method", "parameters"), CASES, ids=lambda value: value if isinstance(value, str) else "")
@pytest.mark.parametrize("shape", [(), (5,), (0, 3), (300, 250)], ids=str)
def test_gives_the_same_bits(method, parameters, shape, monkeypatch):
    # Coarse steps: many changes are equal, some are none.
    base, *sources = (tensor.mul(32).round().div(32) for tensor in tensors(4, shape))
    (step, plain), (fused_step, fused) = both_ways(monkeypatch, method, base, sources, **parameters)
    assert fused_step.fused
    assert torch.equal(plain, fused)
    assert step.measures.report(step.elements) == fused_step.measures.report(step.elements)


@pytest.mark.parametrize("method", ["ties", "dare_ties", "della"])
def test_gives_the_same_bits_in_sixteen(method, monkeypatch):
    base, *sources = (tensor.bfloat16() for tensor in tensors(3, (40, 30)))
    sources[0][3, 4] = float("nan")
    (_, plain), (step, fused) = both_ways(monkeypatch, method, base, sources, weight=[1.0, 0.5], density=0.5)
    assert fused.dtype == torch.bfloat16
    assert torch.equal(plain.isnan(), fused.isnan())
    assert torch.equal(plain.nan_to_num(), fused.nan_to_num())
    assert step.measures.bad_inputs == 1


def test_float64_is_walked_in_stretches(monkeypatch):
    base, *sources = (tensor.double() for tensor in tensors(3))
    options = {"weight": [1.0, 0.5], "density": 0.5, "maths": torch.float64}
    (_, plain), (step, result) = both_ways(monkeypatch, "ties", base, sources, **options)
    assert not step.fused
    assert torch.equal(plain, result)


@pytest.mark.parametrize("scope", ["global", "tensor"])
@pytest.mark.parametrize("shape", [(300, 250), (0, 3), ()], ids=str)
def test_pcb_gives_the_same_to_rounding(scope, shape, monkeypatch):
    base, *sources = tensors(4, shape)
    options = {"weight": [1.0, 0.5, 2.0], "scope": scope, "ratio": 0.3}
    (step, plain), (fused_step, fused) = both_ways(monkeypatch, "pcb", base, sources, **options)
    assert fused_step.fused
    torch.testing.assert_close(fused, plain, rtol=1e-6, atol=1e-7)
    assert fused_step.measures.report(step.elements)["kept"] == step.measures.report(step.elements)["kept"]

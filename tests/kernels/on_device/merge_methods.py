"""The engine's methods on Triton kernels against its walk in stretches."""

import pytest
import torch

from kernels.dispatch import OVERRIDE
from tests.workers.engine.merge.steps import step_and_result, tensors


@pytest.mark.parametrize(
    ("method", "parameters"),
    [
        ("ties", {"density": [0.3, 1.0]}),
        ("ties", {"density": 0.4, "scope": "global"}),
        ("dare_ties", {"density": 0.5, "rescale": "l1"}),
        ("della_linear", {"density": 0.5, "epsilon": 0.1}),
    ],
)
def test_gives_the_same_bits(method, parameters, monkeypatch):
    device = "cuda" if torch.cuda.is_available() else "cpu"
    base, *sources = (tensor.mul(32).round().div(32).bfloat16() for tensor in tensors(3, (2, 25)))
    options = {"weight": [1.0, 0.5], **parameters}
    plain, wanted = step_and_result(method, base, sources, **options)
    monkeypatch.setenv(OVERRIDE, "triton")
    step, found = step_and_result(method, base.to(device), [source.to(device) for source in sources], **options)
    assert step.fused
    assert torch.equal(found.cpu(), wanted)
    report = step.measures.report(step.elements)
    assert report["kept"] == plain.measures.report(step.elements)["kept"]


@pytest.mark.parametrize("scope", ["global", "tensor"])
def test_pcb_agrees_to_rounding(scope, monkeypatch):
    device = "cuda" if torch.cuda.is_available() else "cpu"
    base, *sources = tensors(3, (20, 25))
    options = {"weight": [1.0, 0.5], "ratio": 0.3, "scope": scope}
    wanted = step_and_result("pcb", base, sources, **options)[1]
    monkeypatch.setenv(OVERRIDE, "triton")
    step, found = step_and_result("pcb", base.to(device), [source.to(device) for source in sources], **options)
    assert step.fused
    torch.testing.assert_close(found.cpu(), wanted, rtol=1e-5, atol=1e-6)

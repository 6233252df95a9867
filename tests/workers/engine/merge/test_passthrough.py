import pytest
import torch

from tests.workers.engine.merge.steps import merged, tensors


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float16, torch.float64])
def test_copies_bit_by_bit(dtype):
    source = tensors(1, (70_000,))[0].to(dtype)
    source[5], source[6] = -0.0, float("inf")
    maths = torch.float64 if dtype == torch.float64 else torch.float32
    result = merged("passthrough", None, [source], maths=maths)
    assert torch.equal(result.view(torch.uint8), source.view(torch.uint8))


@pytest.mark.parametrize("scale", [0.0, -1.5, 0.5])
def test_multiplies(scale):
    source = tensors(1)[0]
    assert torch.equal(merged("passthrough", None, [source], scale=scale), source * scale)

import math

import pytest
import torch

from tests.workers.engine.merge import references
from tests.workers.engine.merge.steps import close, merged, tensors
from workers.engine.merge.slerp import coefficients


@pytest.mark.parametrize("t", [0.0, 0.1, 0.5, 0.9, 1.0])
@pytest.mark.parametrize("scale", [0.01, 1.0, 10.0])
def test_agrees_with_float64(t, scale):
    base, source = tensors(2, (50, 40), scale=scale)
    expected = references.slerp(base.double().numpy(), source.double().numpy(), t)
    assert close(merged("slerp", base, [source], t=t), expected)


def test_the_ends_are_the_models():
    base, source = (
        torch.randn(64, generator=torch.Generator().manual_seed(0)),
        torch.randn(64, generator=torch.Generator().manual_seed(1)),
    )
    assert torch.allclose(merged("slerp", base, [source], t=0.0), base, atol=1e-7)
    assert torch.allclose(merged("slerp", base, [source], t=1.0), source, atol=1e-7)


def test_keeps_the_length_between_vectors_of_one_length():
    base, source = torch.tensor([1.0, 0.0]), torch.tensor([0.0, 1.0])
    middle = merged("slerp", base, [source], t=0.5)
    assert middle.tolist() == pytest.approx([math.sqrt(0.5)] * 2, rel=1e-6)


def test_known_answers_of_the_edges():
    one = torch.tensor([1.0])
    assert merged("slerp", one, [-one], t=0.5).tolist() == [0.0]
    assert merged("slerp", torch.zeros(3), [torch.ones(3)], t=0.5).tolist() == pytest.approx([0.70710678] * 3)


def test_nearly_parallel_vectors_are_interpolated_on_the_line():
    assert coefficients(1.0, 1.0, 0.9996, 0.3) == (0.7, 0.3)
    assert coefficients(1.0, 1.0, -0.9996, 0.3) == (0.7, 0.3)
    assert coefficients(1.0, 1.0, 0.9994, 0.3) != (0.7, 0.3)


def test_norms_are_summed_over_more_than_one_reduction_stretch():
    generator = torch.Generator().manual_seed(5)
    base, source = torch.randn((1 << 20) + 77, generator=generator), torch.randn((1 << 20) + 77, generator=generator)
    expected = references.slerp(base.double().numpy(), source.double().numpy(), 0.4)
    assert close(merged("slerp", base, [source], t=0.4), expected)

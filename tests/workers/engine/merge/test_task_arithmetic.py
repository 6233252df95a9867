import pytest
import torch

from tests.workers.engine.merge import references
from tests.workers.engine.merge.steps import close, merged, tensors
from workers.contracts.errors import UserError


@pytest.mark.parametrize("normalize", [True, False])
@pytest.mark.parametrize("scale", [1.0, 0.3, -0.5])
def test_agrees_with_float64(normalize, scale):
    base, *sources = tensors(4, (30, 20))
    weights = [0.4, 1.0, -0.2]
    expected = references.task_arithmetic(
        base.double().numpy(), [source.double().numpy() for source in sources], weights, scale, normalize
    )
    assert close(
        merged("task_arithmetic", base, sources, weight=weights, normalize=normalize, **{"lambda": scale}), expected
    )


def test_one_source_with_weight_one_is_that_source():
    base, source = tensors(2)
    assert torch.allclose(merged("task_arithmetic", base, [source], weight=1.0), source, atol=1e-7)


def test_subtracting_what_was_added_gives_the_base_back():
    base, source = tensors(2)
    assert torch.allclose(merged("task_arithmetic", base, [source, source], weight=[1.0, -1.0]), base, atol=1e-7)


def test_normalize_refuses_weights_that_sum_to_zero():
    base, *sources = tensors(3)
    with pytest.raises(UserError, match="nothing to divide by"):
        merged("task_arithmetic", base, sources, weight=[1.0, -1.0], normalize=True)

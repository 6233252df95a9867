import pytest
import torch

from tests.workers.engine.merge import mask_references as references
from tests.workers.engine.merge.steps import close, merged, step_and_result, tensors


@pytest.mark.parametrize("needed", [0, 1, 2, 3, 4])
@pytest.mark.parametrize("limits", [[0.4, 0.4, 0.4], [0.2, 0.6, 1.0], [0.0, 0.0, 0.0]])
@pytest.mark.parametrize("weights", [[1.0, 1.0, 1.0], [0.5, 2.0, -1.0]])
def test_agrees_with_float64(needed, limits, weights):
    made = [tensor.double() for tensor in tensors(4, (60, 21))]
    expected, masks = references.consensus(made[0], made[1:], limits, needed, 0.3, weights)
    step, result = step_and_result(
        "consensus", made[0], made[1:], maths=torch.float64, mask_lambda=limits, agreeing=needed, weight=weights, **{"lambda": 0.3}
    )  # fmt: skip
    assert close(result, expected)
    assert step.measures.kept == [int(mask.sum()) for mask in masks]


def test_without_agreement_it_is_task_arithmetic():
    base, *sources = tensors(4)
    arithmetic = merged("task_arithmetic", base, sources, weight=1.0, **{"lambda": 0.3})
    assert torch.allclose(
        merged("consensus", base, sources, agreeing=0, **{"lambda": 0.3}), arithmetic, rtol=1e-6, atol=1e-7
    )


def test_more_agreement_than_models_gives_the_base():
    base, *sources = tensors(4)
    assert torch.equal(merged("consensus", base, sources, agreeing=4), base)


def test_what_one_model_alone_changed_is_dropped():
    base = torch.zeros(3)
    sources = [torch.tensor([1.0, 1.0, 0.0]), torch.tensor([1.0, 0.0, 0.0])]
    assert merged("consensus", base, sources, agreeing=2, **{"lambda": 0.5}).tolist() == [1.0, 0.0, 0.0]
    assert merged("consensus", base, sources, agreeing=1, **{"lambda": 0.5}).tolist() == [1.0, 0.5, 0.0]

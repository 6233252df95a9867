import numpy as np
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


def left_by_ties(rows, density):
    """What is left of each row `[N]`: the largest entries, the first among equals, where their sign is that of the sum."""
    kept = []
    for row in rows:
        order = np.argsort(-np.abs(row), kind="stable")[: max(1, int(density * row.size))]
        kept.append(np.where(np.isin(np.arange(row.size), order), row, 0.0))
    sign = np.where(sum(kept) >= 0, 1.0, -1.0)
    return [np.where(row * sign > 0, row, 0.0) for row in kept]


def test_masks_may_be_of_what_ties_adds_up():
    base, *sources = (tensor.double() for tensor in tensors(4, (30, 17)))
    rows = [(source - base).numpy().ravel() for source in sources]
    merged_rows = sum(weight * row for weight, row in zip((1.0, 0.5, 2.0), left_by_ties(rows, 0.4), strict=True))
    masks = [np.abs(row) > 0.3 * np.abs(merged_rows - row) for row in rows]
    expected = base.numpy() + 0.7 * (merged_rows * (np.sum(masks, axis=0) >= 2)).reshape(base.shape)
    step, result = step_and_result(
        "consensus", base, sources, maths=torch.float64, vector="ties", density=[0.4] * 3, weight=[1.0, 0.5, 2.0], mask_lambda=[0.3] * 3,
        **{"lambda": 0.7},
    )  # fmt: skip
    assert close(result, expected)
    assert step.measures.kept == [int(mask.sum()) for mask in masks]


@pytest.mark.parametrize("task", [1, 2, 3])
def test_one_tasks_mask_gives_its_own_model_again(task):
    """What serves a task alone comes back: nearer to its model than all changes together are."""
    base, *sources = (tensor.double() for tensor in tensors(4, (40, 20)))
    tau = [(source - base).numpy() for source in sources]
    mask = np.abs(tau[task - 1]) > 0.5 * np.abs(sum(tau) - tau[task - 1])
    result = merged("consensus", base, sources, task=task, mask_lambda=[0.5] * 3, agreeing=3, **{"lambda": 1.0})
    assert close(result, base.numpy() + mask * sum(tau))
    own = sources[task - 1]
    assert (result - own).norm() < (merged("task_arithmetic", base, sources, weight=1.0) - own).norm()

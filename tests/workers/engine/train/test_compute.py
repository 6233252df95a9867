"""Operations of a training against a count by hand, and baselines of equal compute."""

import pytest
import torch

from tests.workers.engine.train.learners import OBJECTIVE, Points, Small, settings, train, weights
from workers.engine.train.compute import equal_compute, step_flops


def test_matrix_products_of_both_passes_are_counted_and_nothing_is_changed():
    model = Small()
    before, drawn = weights(model), torch.get_rng_state()
    # Frozen 6→6: forward alone. 6→12: forward and weights, nobody asks for its inputs' gradient. 12→3: forward, weights, inputs.
    by_hand = 2 * 8 * (6 * 6 + 2 * 6 * 12 + 3 * 12 * 3)
    assert step_flops(model, Points(), OBJECTIVE, 8) == by_hand
    assert all(torch.equal(before[name], tensor) for name, tensor in weights(model).items())
    assert all(parameter.grad is None for parameter in model.parameters())
    assert torch.equal(torch.get_rng_state(), drawn)


def test_baseline_gets_what_the_other_spent(tmp_path):
    given = equal_compute(settings(epochs=1), examples=50, flops=25_000, per_step=1_000)
    assert (given.steps(50), given.epochs) == (25, 4)
    _, progress = train(tmp_path, epochs=given.epochs, max_steps=given.max_steps)
    assert progress.step == 25


def test_dearer_baseline_gets_fewer_steps_and_always_one():
    assert equal_compute(settings(epochs=9), examples=50, flops=3_000, per_step=1_000).steps(50) == 3
    assert equal_compute(settings(), examples=50, flops=10, per_step=1_000).steps(50) == 1


@pytest.mark.parametrize(("flops", "per_step"), [(0, 1), (1, 0)])
def test_compute_is_counted_in_operations(flops, per_step):
    with pytest.raises(ValueError, match="positive"):
        equal_compute(settings(), examples=5, flops=flops, per_step=per_step)

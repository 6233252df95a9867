"""Learning rate and draws of a run."""

import pytest
import torch

from workers.engine.train.draws import derived_seed, epoch_order
from workers.engine.train.schedule import learning_rate


def rates(steps, warmup):
    return [learning_rate(step, steps=steps, warmup_steps=warmup, peak=2.0) for step in range(steps)]


def test_warms_up_in_a_line_to_the_peak():
    assert rates(100, 10)[:10] == pytest.approx([0.2 * number for number in range(1, 11)])


def test_falls_from_the_peak_towards_zero_without_a_jump():
    falling = rates(100, 10)[10:]
    assert falling[0] == 2.0
    assert falling == sorted(falling, reverse=True)
    assert falling[45] == pytest.approx(1.0)
    assert 0 < falling[-1] < 0.01


def test_works_without_warm_up_and_with_nothing_else():
    assert rates(4, 0)[0] == 2.0
    assert rates(4, 4)[-1] == 2.0


def test_order_is_a_permutation_that_follows_seed_and_epoch_alone():
    first = epoch_order(50, seed=1, epoch=3)
    torch.manual_seed(99)
    assert torch.equal(first, epoch_order(50, seed=1, epoch=3))
    assert sorted(first.tolist()) == list(range(50))
    assert not torch.equal(first, epoch_order(50, seed=1, epoch=4))
    assert not torch.equal(first, epoch_order(50, seed=2, epoch=3))


def test_purposes_draw_from_different_streams():
    assert derived_seed(0, "weights") != derived_seed(0, "lora")
    assert 0 <= derived_seed(0, "weights") < 2**63

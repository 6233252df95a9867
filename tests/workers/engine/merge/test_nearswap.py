import numpy as np
import pytest
import torch

from tests.workers.engine.merge.steps import close, merged, tensors


@pytest.mark.parametrize("t", [0.0, 1e-4, 0.05, 10.0])
def test_agrees_with_float64(t):
    base, source = tensors(2, (40, 30))
    a, b = base.double().numpy(), source.double().numpy()
    share = np.clip(t / np.maximum(np.abs(a - b), 1e-6), 0, 1)
    assert close(merged("nearswap", base, [source], t=t), share * b + (1 - share) * a)


def test_close_entries_are_taken_over_and_others_move_by_t():
    base = torch.zeros(4)
    source = torch.tensor([0.01, -0.02, 1.0, -3.0])
    assert merged("nearswap", base, [source], t=0.02).tolist() == pytest.approx([0.01, -0.02, 0.02, -0.02])

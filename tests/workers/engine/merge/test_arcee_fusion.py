import numpy as np
import pytest
import torch

from tests.workers.engine.merge.steps import close, merged, step_and_result, tensors


def softmax(rows):
    powers = np.exp(rows - rows.max(axis=-1, keepdims=True))
    return powers / powers.sum(axis=-1, keepdims=True) + 1e-8


def reference(base, source):
    p, q = softmax(source), softmax(base)
    importance = np.abs(source - base) * (p * np.log(p / q)).sum(axis=-1, keepdims=True)
    ordered = np.sort(importance.ravel())
    lower, middle, upper = (ordered[int(share * (ordered.size - 1))] for share in (0.25, 0.5, 0.75))
    return np.where(importance >= middle + 1.5 * (upper - lower), source, base)


@pytest.mark.parametrize("shape", [(40, 31), (7, 3, 4, 5), (333,)])
@pytest.mark.parametrize("spread", [0.01, 1.0])
def test_agrees_with_float64(shape, spread):
    base, source = tensors(2, shape, scale=spread)
    expected = reference(base.double().numpy(), source.double().numpy())
    assert close(merged("arcee_fusion", base, [source]), expected)


def test_keeps_what_stands_out():
    base, source = tensors(2, (100, 100))
    step, result = step_and_result("arcee_fusion", base, [source])
    assert step.measures.kept == [int((result != base).sum())]
    assert 0.05 < step.measures.kept[0] / 10_000 < 0.3
    changed = (result != base).flatten()
    assert (source - base).abs().flatten()[changed].mean() > (source - base).abs().mean()


def test_rows_of_one_entry_have_no_divergence_and_go_over_whole():
    base, source = tensors(2, (9, 1))
    assert torch.allclose(merged("arcee_fusion", base, [source]), source)

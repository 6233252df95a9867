import itertools

import numpy as np
import pytest
import torch

from tests.workers.engine.merge.steps import close, merged, tensors


def reference(base, sources):
    """On flat vectors, from the paper: t from the mean cosine between changes."""
    changes = [source - base for source in sources]
    count = len(changes)
    cosine = np.mean(
        [
            np.clip(left @ right / max(np.linalg.norm(left) * np.linalg.norm(right), 1e-6), -1, 1)
            for left, right in itertools.combinations(changes, 2)
        ]
    )
    divisor = 1 + (count - 1) * cosine
    t = count * cosine / divisor if abs(divisor) >= 1e-6 else 0.0
    return t * np.mean(sources, axis=0) + (1 - t) * base


def family(count, shape, common=1.0):
    """Fine-tunes that share a part of their change, so that their angles are neither right nor zero."""
    base, shared, *others = tensors(count + 2, shape, scale=1.0)
    return base, [base + common * (shared - base) + other - base for other in others]


@pytest.mark.parametrize("count", [2, 3, 5])
@pytest.mark.parametrize("common", [1.0, 0.1, 0.0])
def test_agrees_with_float64(count, common):
    base, sources = family(count, (30, 20), common)
    expected = reference(base.double().numpy().ravel(), [source.double().numpy().ravel() for source in sources])
    assert close(merged("model_stock", base, sources), expected.reshape(30, 20))


@pytest.mark.parametrize("shape", [(6, 9), (3, 2, 4, 7), (11,)])
def test_filter_wise_takes_every_row_by_itself(shape):
    base, sources = family(3, shape)
    rows = [tensor.double().numpy().reshape(-1, shape[-1]) for tensor in (base, *sources)]
    expected = np.stack([reference(row[0], list(row[1:])) for row in zip(*rows, strict=True)]).reshape(shape)
    assert close(merged("model_stock", base, sources, filter_wise=True), expected)


def test_equal_changes_are_taken_over_and_unrelated_ones_left_out():
    base, source = tensors(2, (50,))
    assert torch.allclose(merged("model_stock", base, [source, source.clone()]), source)
    one, other = base.clone(), base.clone()
    one[0], other[1] = one[0] + 1, other[1] + 1
    assert torch.equal(merged("model_stock", base, [one, other]), base)


def test_opposite_changes_have_no_place_on_the_line():
    base, source = tensors(2, (50,))
    assert torch.allclose(merged("model_stock", base, [source, 2 * base - source]), base, atol=1e-7)

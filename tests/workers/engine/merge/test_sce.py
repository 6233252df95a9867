import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.workers.engine.merge.steps import close, merged, step_and_result, tensors


def reference(base, sources, share):
    changes = np.stack([(source - base).ravel() for source in sources])
    if share < 1:
        variance = changes.var(axis=0)
        keep = int(np.count_nonzero(variance) * share)
        mask = np.zeros(variance.size)
        mask[np.argsort(-variance, kind="stable")[:keep]] = 1
        changes = changes * mask
    squares = (changes**2).sum(axis=1)
    weights = squares / squares.sum() if squares.sum() > 0 else np.full(len(sources), 1 / len(sources))
    sign = np.where(changes.sum(axis=0) >= 0, 1, -1)
    agreeing = (changes * sign > 0) * weights[:, None]
    merged_change = (agreeing * changes).sum(axis=0) / np.maximum(agreeing.sum(axis=0), 1e-6)
    return base + merged_change.reshape(base.shape)


def exact(base, sources, share):
    return reference(base.double().numpy(), [source.double().numpy() for source in sources], share)


@pytest.mark.parametrize("share", [1.0, 0.5, 0.1, 0.0])
@pytest.mark.parametrize("count", [1, 2, 4])
def test_agrees_with_float64(share, count):
    base, *sources = tensors(count + 1, (40, 15))
    sources = [base + (index + 1) * (source - base) for index, source in enumerate(sources)]
    assert close(merged("sce", base, sources, select_topk=share), exact(base, sources, share))


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 2**31), size=st.integers(1, 150), share=st.floats(0.0, 1.0))
def test_ties_in_variance_go_to_the_lowest_index(seed, size, share):
    numbers = np.random.default_rng(seed)
    base = torch.zeros(size)
    # Two sources whose variance is exact in float32: ((a − b)/2)².
    sources = [torch.from_numpy(numbers.integers(-4, 5, size).astype(np.float32) * 2) for _ in range(2)]
    assert close(merged("sce", base, sources, select_topk=share), exact(base, sources, share))


def test_small_changes_are_weighed_like_large_ones():
    """mergekit's floor would give both sources one weight; here a tensor's scale does not matter."""
    base, *sources = tensors(3, (60, 60))
    small = [1e-4 * (source - base) * factor for source, factor in zip(sources, (1.0, 4.0), strict=True)]
    large = [1000 * change for change in small]
    zero = torch.zeros_like(base)
    assert torch.allclose(1000 * merged("sce", zero, small), merged("sce", zero, large), rtol=1e-5)


def test_nothing_selected_is_the_base():
    base, *sources = tensors(3)
    step, result = step_and_result("sce", base, sources, select_topk=0.0)
    assert torch.equal(result, base)
    assert step.measures.kept == [0, 0]

import numpy as np
import pytest
import torch

from tests.workers.engine.merge.steps import close, merged, step_and_result, tensors


def sparse_family(count, shape, share, seed=0):
    """Sources that each changed a random share of the base."""
    base, *sources = tensors(count + 1, shape, seed=seed)
    generator = torch.Generator().manual_seed(seed)
    masks = [torch.rand(shape, generator=generator) < share for _ in sources]
    return base, [torch.where(mask, source, base) for mask, source in zip(masks, sources, strict=True)]


def reference(base, sources, epsilon=1e-5, rate=0.0, most=0.0):
    """Entry by entry; a rate of 0 is RAM."""
    changes = [(source - base).ravel() for source in sources]
    changed = [np.abs(change) > epsilon for change in changes]
    count = sum(mask.astype(int) for mask in changed)
    factors = []
    for mask in changed:
        alone, shared = (mask & (count == 1)).sum(), (mask & (count > 1)).sum()
        factors.append(1 + rate * min(shared / max(alone, epsilon), most) if alone else 1.0)
    merged_change = np.zeros(base.size)
    for place in range(base.size):
        values = [
            (change[place], factor)
            for change, mask, factor in zip(changes, changed, factors, strict=True)
            if mask[place]
        ]
        if len(values) == 1:
            merged_change[place] = values[0][0] * values[0][1]
        elif values:
            merged_change[place] = sum(value for value, _ in values) / len(values)
    return base + merged_change.reshape(base.shape)


def double(tensors):
    return [tensor.double().numpy() for tensor in tensors]


@pytest.mark.parametrize("share", [0.1, 0.5, 1.0])
@pytest.mark.parametrize("count", [1, 2, 4])
def test_agrees_with_float64(share, count):
    base, sources = sparse_family(count, (40, 15), share)
    exact, others = base.double().numpy(), double(sources)
    assert close(merged("ram", base, sources), reference(exact, others))
    plus = merged("ramplus_tl", base, sources, r=0.5, alpha=0.4)
    assert close(plus, reference(exact, others, rate=0.5, most=0.4))


def test_changes_up_to_epsilon_count_as_none():
    base = torch.zeros(3)
    sources = [torch.tensor([0.5, 1.0, 0.25]), torch.tensor([4.0, 0.5, 0.25])]
    step, result = step_and_result("ram", base, sources, epsilon=0.5)
    assert result.tolist() == [4.0, 1.0, 0.0]
    assert step.measures.kept == [1, 1]


def test_own_changes_are_raised_by_the_ratio_of_shared_ones():
    """Of the first source's changes one is shared and two its own: ρ is a half, and its own grow by r·min(½, α)."""
    base = torch.zeros(4)
    sources = [torch.tensor([1.0, 1.0, 1.0, 0.0]), torch.tensor([3.0, 0.0, 0.0, 0.0])]
    result = merged("ramplus_tl", base, sources, r=0.2, alpha=1.0)
    assert result.tolist() == pytest.approx([2.0, 1.1, 1.1, 0.0])


def test_without_a_rate_ram_plus_is_ram():
    base, sources = sparse_family(3, (50, 50), 0.3)
    assert torch.allclose(merged("ramplus_tl", base, sources, r=0.0), merged("ram", base, sources), atol=1e-7)

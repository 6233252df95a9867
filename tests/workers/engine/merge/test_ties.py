import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.workers.engine.merge import references
from tests.workers.engine.merge.steps import close, merged, step_and_result, tensors


def reference(base, sources, weights, densities, scale=1.0, normalize=True):
    return references.ties(
        base.double().numpy(), [source.double().numpy() for source in sources], weights, densities, scale, normalize
    )


@pytest.mark.parametrize("normalize", [True, False])
@pytest.mark.parametrize("densities", [[0.3, 0.3, 0.3], [1.0, 0.05, 0.6], [1.0, 1.0, 1.0], [1e-9, 1e-9, 1e-9]])
@pytest.mark.parametrize("weights", [[1.0, 1.0, 1.0], [0.5, 2.0, 1.0], [1.0, -0.5, 0.7]])
def test_agrees_with_float64(normalize, densities, weights):
    base, *sources = tensors(4, (40, 15))
    result = merged("ties", base, sources, weight=weights, density=densities, normalize=normalize, **{"lambda": 0.8})
    assert close(result, reference(base, sources, weights, densities, 0.8, normalize))


def test_the_worked_example():
    """Deltas (4, -1, 2), (3, 2, -5), (-1, 3, 0): the two largest of each stay, plus, plus and minus win."""
    base = torch.tensor([10.0, 10.0, 10.0])
    sources = [base + torch.tensor(delta) for delta in ([4.0, -1.0, 2.0], [3.0, 2.0, -5.0], [-1.0, 3.0, 0.0])]
    assert merged("ties", base, sources, density=0.7).tolist() == [13.5, 13.0, 5.0]


def test_equal_and_opposite_changes_elect_plus():
    base = torch.zeros(2)
    assert merged("ties", base, [torch.ones(2), -torch.ones(2)], density=1.0).tolist() == [1.0, 1.0]


@pytest.mark.parametrize("density", [0.001, 0.123, 0.5, 0.999])
def test_keeps_exactly_k_with_the_lowest_index_first(density):
    base = torch.zeros(70_001)
    source = torch.where(torch.arange(70_001) % 2 == 0, 1.0, -1.0)
    step, result = step_and_result("ties", base, [source], density=density)
    keep = max(1, int(density * 70_001))
    assert step.measures.kept == [keep]
    assert torch.equal(result.nonzero().flatten(), torch.arange(keep))


@settings(max_examples=40, deadline=None)
@given(
    seed=st.integers(0, 2**31), count=st.integers(1, 4), size=st.integers(1, 200), density=st.floats(0.01, 1.0),
    weights=st.lists(st.sampled_from([1.0, 0.5, 0.25, 2.0]), min_size=4, max_size=4),
)  # fmt: skip
def test_agrees_with_float64_on_anything(seed, count, size, density, weights):
    # Values on a coarse grid: ties in magnitude and exact cancellations are common, and float32 is exact on them.
    numbers = np.random.default_rng(seed)
    base, *sources = (torch.from_numpy(numbers.integers(-8, 9, size).astype(np.float32)) for _ in range(count + 1))
    result = merged("ties", base, sources, weight=weights[:count], density=density)
    assert close(result, reference(base, sources, weights[:count], [density] * count))


def test_measures_tell_what_happened():
    base, *sources = tensors(3, (100, 100))
    step, result = step_and_result("ties", base, sources, density=0.25)
    report = step.measures.report(step.elements)
    assert report["kept"] == [0.25, 0.25]
    assert 0.5 < report["agreement"] <= 1.0
    expected = [(source - base).double().norm().item() for source in sources]
    assert report["norms"] == pytest.approx(expected, rel=1e-5)
    change = (result - base).double().flatten()
    cosines = [
        torch.nn.functional.cosine_similarity((source - base).double().flatten(), change, dim=0).item()
        for source in sources
    ]
    assert report["cosines"] == pytest.approx(cosines, abs=1e-4)

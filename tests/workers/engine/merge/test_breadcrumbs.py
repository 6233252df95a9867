import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.workers.engine.merge import change_references as references
from tests.workers.engine.merge.steps import close, merged, step_and_result, tensors


@pytest.mark.parametrize("method", ["breadcrumbs", "breadcrumbs_ties"])
@pytest.mark.parametrize(
    ("densities", "gammas"), [([0.3, 0.3], [0.05, 0.05]), ([0.9, 0.1], [0.3, 0.0]), ([1.0, 0.5], [0.5, 0.0])]
)
def test_agrees_with_float64(method, densities, gammas):
    base, *sources = tensors(3, (40, 15))
    weights = [0.7, -0.4]
    result = merged(
        method, base, sources, weight=weights, density=densities, gamma=gammas, normalize=False, **{"lambda": 0.8}
    )
    kept = [
        references.middle(source - base.double().numpy(), density, gamma)
        for source, density, gamma in zip(references.double(sources), densities, gammas, strict=True)
    ]
    if method == "breadcrumbs":
        expected = references.added(base.double().numpy(), kept, weights, 0.8)
    else:
        expected = references.elected(base.double().numpy(), kept, weights, 0.8, reduce="sum")
    assert close(result, expected)


def test_the_worked_example():
    """Of 0 to 4 the largest is an outlier (γ 0.3 of five is one), and half of five is two: 2 and 3 stay."""
    base = torch.zeros(5)
    source = torch.tensor([0.0, -1.0, 2.0, -3.0, 4.0])
    result = merged("breadcrumbs", base, [source], density=0.5, gamma=0.3, weight=1.0)
    assert result.tolist() == [0, 0, 2, -3, 0]


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 2**31), size=st.integers(1, 120), density=st.floats(0.01, 1.0), gamma=st.floats(0.0, 1.0)
)  # fmt: skip
def test_ties_go_to_the_lowest_index_at_both_ends(seed, size, density, gamma):
    numbers = np.random.default_rng(seed)
    source = torch.from_numpy(numbers.integers(-4, 5, size).astype(np.float32))
    result = merged("breadcrumbs", torch.zeros(size), [source], density=density, gamma=gamma, weight=1.0)
    assert result.tolist() == references.middle(source.numpy(), density, gamma).tolist()


def test_l1_makes_good_for_what_was_left_out():
    base, source = tensors(2, (200, 300))
    result = merged("breadcrumbs", base, [source], density=0.4, gamma=0.02, weight=1.0, rescale="l1")
    assert (result - base).abs().sum().item() == pytest.approx((source - base).abs().sum().item(), rel=1e-4)


def test_an_infinite_outlier_goes_and_is_reported():
    base, source = tensors(2, (100, 100))
    source[3, 3] = float("inf")
    step, result = step_and_result("breadcrumbs", base, [source], density=0.5, gamma=0.01)
    assert result.isfinite().all()
    assert step.measures.bad_inputs == 1
    assert step.measures.kept == [5000]

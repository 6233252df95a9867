import numpy as np
import pytest
import torch

from tests.workers.engine.merge import references, spectral_references
from tests.workers.engine.merge.families import family, low_rank
from tests.workers.engine.merge.steps import merged


def ties(weights, densities, scale):
    zero = np.zeros(())
    return lambda blocks: references.ties(zero, blocks, weights, densities, scale, True)


@pytest.mark.parametrize("shape", [(16, 16), (30, 7), (7, 30)])
@pytest.mark.parametrize("count", [1, 3])
def test_ties_on_the_axes_agrees_with_full_decompositions(shape, count):
    base, sources = family(shape, count)
    weights, densities = [1.0, 0.7, 1.4][:count], [0.3, 0.5, 1.0][:count]
    result = merged("knots", base, sources, maths=torch.float64, weight=weights, density=densities, **{"lambda": 0.8})
    expected = spectral_references.knots(base, sources, ties(weights, densities, 0.8))
    assert spectral_references.relative(result, base, expected) < 1e-5


def test_of_few_directions():
    base, sources = low_rank((20, 14))
    result = merged("knots", base, sources, maths=torch.float64)
    expected = spectral_references.knots(base, sources, ties([1.0, 1.0], [0.3, 0.3], 1.0))
    assert spectral_references.relative(result, base, expected) < 1e-5


def test_task_arithmetic_is_the_same_on_any_axes():
    base, sources = family((20, 14))
    plain = merged("task_arithmetic", base, sources, maths=torch.float64, weight=0.4)
    assert torch.allclose(
        merged("knots", base, sources, maths=torch.float64, inner="task_arithmetic", weight=0.4), plain, atol=1e-8
    )


@pytest.mark.parametrize("inner", ["ties", "dare_ties", "task_arithmetic"])
def test_other_tensors_are_merged_as_they_are(inner):
    base, sources = family((40,))
    plain = merged(
        inner,
        base,
        sources,
        maths=torch.float64,
        **{"weight": 1.0, **({} if inner == "task_arithmetic" else {"density": 0.3})},
    )
    assert torch.allclose(merged("knots", base, sources, maths=torch.float64, inner=inner), plain, atol=1e-12)


def test_dare_draws_on_the_axes():
    base, sources = family((20, 14))
    first = merged("knots", base, sources, inner="dare_ties", seed=1)
    assert torch.equal(first, merged("knots", base, sources, inner="dare_ties", seed=1))
    assert not torch.equal(first, merged("knots", base, sources, inner="dare_ties", seed=2))

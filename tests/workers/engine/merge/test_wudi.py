import numpy as np
import pytest
import torch

from tests.workers.engine.merge import spectral_references as references
from tests.workers.engine.merge.families import family, low_rank
from tests.workers.engine.merge.steps import merged


@pytest.mark.parametrize("shape", [(24, 24), (20, 9), (9, 20), (1, 9), (7,), (3, 2, 2)])
@pytest.mark.parametrize("count", [1, 3])
def test_agrees_with_adam_by_hand(shape, count):
    base, sources = family(shape, count)
    result = merged("wudi", base, sources, maths=torch.float64, iterations=60, learning_rate=1e-3)
    assert references.relative(result, base, references.wudi(base, sources, 60, 1e-3)) < 1e-5


@pytest.mark.parametrize("shape", [(12, 8), (8, 12)])
def test_the_exact_solution_is_where_descent_ends(shape):
    base, sources = family(shape, 3, noise=0.5)
    tau = references.deltas(base, sources)
    exact = (merged("wudi", base, sources, maths=torch.float64, solver="exact") - base).numpy()
    gradient = sum(2 * (exact - one) @ one.T @ one / np.linalg.norm(one) ** 2 for one in tau)
    assert np.abs(gradient).max() < 1e-10
    losses = [references.wudi_loss(np.sum(tau, axis=0), tau)]
    for iterations in (50, 400):
        found = merged("wudi", base, sources, maths=torch.float64, iterations=iterations, learning_rate=1e-3)
        losses.append(references.wudi_loss((found - base).numpy(), tau))
    losses.append(references.wudi_loss(exact, tau))
    assert losses == sorted(losses, reverse=True)


def test_what_no_task_looks_at_stays_as_the_sum():
    """Where the tasks' rows span little, the loss says nothing, and the exact solution keeps the start."""
    base, sources = low_rank((14, 20))
    exact = (merged("wudi", base, sources, maths=torch.float64, solver="exact") - base).numpy()
    seen = np.linalg.svd(np.vstack(references.deltas(base, sources)))[2][:4]
    outside = np.eye(20) - seen.T @ seen
    start = np.sum(references.deltas(base, sources), axis=0)
    assert np.allclose(exact @ outside, start @ outside, atol=1e-9)


def test_a_vanishing_change_takes_no_part():
    base, (source,) = family((10, 10), 1)
    result = merged("wudi", base, [source, base.clone()], maths=torch.float64)
    assert torch.allclose(result, source, atol=1e-8)

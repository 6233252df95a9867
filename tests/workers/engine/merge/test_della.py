import numpy as np
import pytest
import torch

from kernels.reference.philox import key_of, words
from tests.workers.engine.merge import change_references as references
from tests.workers.engine.merge.steps import close, merged, step_and_result, tensors


def kept_by(delta, density, epsilon, rescale, seed, source):
    chance = references.odds(delta, density, epsilon)
    drawn = words(key_of(seed, "w", source), 0, delta.size).numpy().reshape(delta.shape)
    mask = drawn < np.round(chance * 2**32)
    if rescale == "inverse":
        return delta * mask / chance
    kept = delta * mask
    return kept * (np.abs(delta).sum() / np.abs(kept).sum()) if rescale == "l1" else kept


@pytest.mark.parametrize("method", ["della", "della_linear"])
@pytest.mark.parametrize("rescale", ["inverse", "l1", "none"])
@pytest.mark.parametrize("shape", [(60, 21), (7, 3, 5, 2), (333,)])
def test_agrees_with_float64_under_the_same_draws(method, rescale, shape):
    base, *sources = tensors(3, shape)
    weights, densities, epsilons = [1.0, 0.6], [0.5, 0.3], [0.15, 0.25]
    exact = base.double().numpy()
    # Ranks are those of float32 changes: what float64 would tell apart there may be a tie.
    deltas = [
        kept_by((source - base).numpy().astype(np.float64), density, epsilon, rescale, 5, index + 1)
        for index, (source, density, epsilon) in enumerate(zip(sources, densities, epsilons, strict=True))
    ]
    result = merged(
        method,
        base,
        sources,
        seed=5,
        weight=weights,
        density=densities,
        epsilon=epsilons,
        rescale=rescale,
        normalize=False,
    )
    expected = (
        references.elected(exact, deltas, weights, reduce="sum")
        if method == "della"
        else references.added(exact, deltas, weights)
    )
    assert close(result, expected)


def test_larger_changes_stay_more_often():
    base, source = torch.zeros(400, 1000), torch.arange(1.0, 1001.0).expand(400, 1000).contiguous()
    result = merged("della_linear", base, [source], density=0.5, epsilon=0.2, rescale="none", weight=1.0)
    rates = (result != 0).double().view(400, 10, 100).mean(dim=(0, 2))
    expected = 0.3 + 0.4 * (torch.arange(1000, dtype=torch.float64) / 999).view(10, 100).mean(1)
    assert ((rates - expected).abs() < 4 * (0.25 / 40_000) ** 0.5).all()


def test_the_mean_over_seeds_is_the_source():
    base, source = tensors(2, (8, 12), scale=1.0)
    runs = torch.stack(
        [merged("della_linear", base, [source], density=0.5, weight=1.0, seed=seed) for seed in range(150)]
    )
    # Variance of δB/p is δ²(1−p)/p, at most (1−0.35)/0.35 of δ².
    error = (source - base).abs() * (0.65 / 0.35) ** 0.5 / 150**0.5
    assert ((runs.mean(0) - source).abs() <= 4.5 * error + 1e-6).all()


def test_density_one_keeps_everything_whatever_the_spread():
    base, *sources = tensors(3)
    assert torch.equal(
        merged("della", base, sources, density=1.0, epsilon=0.3), merged("ties", base, sources, density=1.0)
    )


@pytest.mark.parametrize(("density", "epsilon"), [(0.9, 0.15), (0.1, 0.15), (0.5, 0.5)])
def test_odds_outside_of_zero_and_one_are_refused(density, epsilon):
    base, source = tensors(2)
    with pytest.raises(ValueError, match="leaves the range between 0 and 1"):
        merged("della", base, [source], density=density, epsilon=epsilon)


def test_counts_what_it_kept():
    base, source = tensors(2, (300, 200))
    step, result = step_and_result("della", base, [source])
    assert step.measures.kept == [int((result != base).sum())]

import numpy as np
import pytest
import torch

from kernels.reference.philox import bernoulli, key_of
from tests.workers.engine.merge import references
from tests.workers.engine.merge.steps import close, merged, step_and_result, tensors


@pytest.mark.parametrize("rescale", ["inverse", "l1", "none"])
@pytest.mark.parametrize("normalize", [True, False])
@pytest.mark.parametrize("densities", [[0.5, 0.5], [0.1, 0.9], [1.0, 0.3]])
def test_agrees_with_float64_under_the_same_masks(rescale, normalize, densities):
    base, *sources = tensors(3, (60, 21))
    weights = [1.0, 0.6]
    masks = [
        bernoulli(key_of(9, "w", index + 1), density, 0, base.numel()).numpy().reshape(base.shape)
        for index, density in enumerate(densities)
    ]
    expected = references.dare_ties(
        base.double().numpy(), [source.double().numpy() for source in sources], weights, densities, masks, rescale, 0.7, normalize
    )  # fmt: skip
    result = merged(
        "dare_ties",
        base,
        sources,
        seed=9,
        weight=weights,
        density=densities,
        rescale=rescale,
        normalize=normalize,
        **{"lambda": 0.7},
    )
    assert close(result, expected)


@pytest.mark.parametrize("density", [0.1, 0.5, 0.9])
def test_keeps_the_asked_share(density):
    base, source = tensors(2, (400, 500))
    step, result = step_and_result("dare_ties", base, [source], density=density)
    bound = 4 * (density * (1 - density) / base.numel()) ** 0.5
    assert abs(step.measures.kept[0] / base.numel() - density) <= bound
    assert int((result != base).sum()) == step.measures.kept[0]


def test_the_mean_over_seeds_is_the_source():
    base, source = tensors(2, (40,), scale=1.0)
    runs = torch.stack([merged("dare_ties", base, [source], density=0.5, seed=seed) for seed in range(400)])
    # One source always agrees with itself, so the election changes nothing. Variance of δB/d is δ²(1-d)/d = δ².
    error = (source - base).abs() / 400**0.5
    assert ((runs.mean(0) - source).abs() <= 4.5 * error + 1e-6).all()


def test_l1_keeps_the_sum_of_magnitudes():
    base, source = tensors(2, (300, 300))
    result = merged("dare_ties", base, [source], density=0.2, rescale="l1")
    assert (result - base).abs().sum().item() == pytest.approx((source - base).abs().sum().item(), rel=1e-4)


def test_seed_name_and_source_choose_the_mask():
    base, source = tensors(2, (100, 100))
    first = merged("dare_ties", base, [source])
    assert torch.equal(first, merged("dare_ties", base, [source]))
    assert not torch.equal(first, merged("dare_ties", base, [source], seed=1))
    assert not torch.equal(first, merged("dare_ties", base, [source], name="v"))
    assert not torch.equal(first, merged("dare_ties", base, [source], ids=(2,)))


def test_density_one_is_ties_without_trimming():
    base, *sources = tensors(4)
    dare = merged("dare_ties", base, sources, density=1.0, normalize=True)
    assert torch.equal(dare, merged("ties", base, sources, density=1.0))


def test_the_reference_kernel_gives_the_same_bytes(monkeypatch):
    base, *sources = tensors(3, (123, 45))
    own = merged("dare_ties", base, sources, seed=4)
    monkeypatch.setenv("GENEPOOL_KERNELS", "reference")
    assert np.array_equal(own.numpy(), merged("dare_ties", base, sources, seed=4).numpy())

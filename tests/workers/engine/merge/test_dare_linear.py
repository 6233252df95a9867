import pytest
import torch

from kernels.reference.philox import bernoulli, key_of
from tests.workers.engine.merge import change_references as references
from tests.workers.engine.merge.steps import close, merged, tensors


@pytest.mark.parametrize("rescale", ["inverse", "l1", "none"])
@pytest.mark.parametrize("normalize", [True, False])
def test_agrees_with_float64_under_the_same_masks(rescale, normalize):
    base, *sources = tensors(3, (60, 21))
    weights, densities = [1.0, 0.6], [0.5, 0.2]
    deltas = []
    for index, (source, density) in enumerate(zip(references.double(sources), densities, strict=True)):
        delta = source - base.double().numpy()
        kept = delta * bernoulli(key_of(9, "w", index + 1), density, 0, base.numel()).numpy().reshape(base.shape)
        factor = {"inverse": 1 / density, "l1": abs(delta).sum() / abs(kept).sum(), "none": 1.0}[rescale]
        deltas.append(kept * factor)
    expected = references.added(base.double().numpy(), deltas, weights, 0.7, normalize)
    result = merged(
        "dare_linear", base, sources, seed=9, weight=weights, density=densities, rescale=rescale, normalize=normalize,
        **{"lambda": 0.7},
    )  # fmt: skip
    assert close(result, expected)


def test_draws_the_masks_of_dare_ties():
    base, source = tensors(2, (50, 70))
    linear = merged("dare_linear", base, [source], weight=1.0, density=0.3, seed=2)
    assert torch.equal(linear, merged("dare_ties", base, [source], weight=1.0, density=0.3, seed=2))


def test_density_one_is_task_arithmetic():
    base, *sources = tensors(3)
    assert torch.equal(
        merged("dare_linear", base, sources, density=1.0, weight=0.3),
        merged("task_arithmetic", base, sources, weight=0.3),
    )


def test_the_mean_over_seeds_is_the_merge_without_dropping():
    base, *sources = tensors(3, (40,), scale=1.0)
    runs = torch.stack([merged("dare_linear", base, sources, density=0.5, seed=seed) for seed in range(150)])
    whole = merged("task_arithmetic", base, sources, weight=0.4)
    error = 0.4 * sum((source - base) ** 2 for source in sources).sqrt() / 150**0.5
    assert ((runs.mean(0) - whole).abs() <= 4.5 * error + 1e-6).all()

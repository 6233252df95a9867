"""Fine-tunes with some structure in what they changed: each a few strong directions of its own, and noise."""

import torch


def family(shape, count=3, *, seed=0, rank=4, noise=0.05, dtype=torch.float64):
    """A base and `count` sources. In float64, so that what a method computes is all that it is compared by."""
    generator = torch.Generator().manual_seed(seed)

    def random(*size):
        return torch.randn(size, generator=generator, dtype=torch.float64)

    base = random(*shape)
    sources = []
    for _ in range(count):
        change = noise * random(*shape)
        if len(shape) == 2:
            change += random(shape[0], rank) @ random(rank, shape[1]) / max(shape) ** 0.5
        sources.append((base + 0.1 * change).to(dtype))
    return base.to(dtype), sources


def low_rank(shape, count=2, *, rank=2, seed=0):
    """A base of zeros and sources of low rank: most of their singular values are exactly zero."""
    generator = torch.Generator().manual_seed(seed)
    sizes = (shape[0], rank), (rank, shape[1])
    factors = [[torch.randn(size, generator=generator, dtype=torch.float64) for size in sizes] for _ in range(count)]
    return torch.zeros(shape, dtype=torch.float64), [left @ right for left, right in factors]

"""Every draw of a training run is a pure function of the recipe's seed and of what it is for, so that a resumed run repeats none of the past."""

import hashlib

import torch


def derived_seed(seed: int, purpose: str) -> int:
    """A seed for one purpose: the first eight bytes of sha256("seed/purpose"), without the sign bit."""
    return int.from_bytes(hashlib.sha256(f"{seed}/{purpose}".encode()).digest()[:8], "big") >> 1


def epoch_order(n: int, *, seed: int, epoch: int) -> torch.Tensor:
    """The order of the examples in `epoch`: a permutation int64 `[n]`."""
    generator = torch.Generator().manual_seed(derived_seed(seed, f"order/{epoch}"))
    return torch.randperm(n, generator=generator)

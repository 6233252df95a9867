"""SHARING: how the entries of one tensor share its K coefficients, so that learning and merging agree entry by entry.

One for all (K = 1), `chunks`: K pieces of equal length of the flattened tensor, or `lots`: each entry drew one of K.
"""

from typing import Literal

import torch

from kernels.reference.philox import key_of, words

Sharing = Literal["chunks", "lots"]
MOST = 256


def shares(
    sharing: Sharing, count: int, start: int, length: int, *, elements: int, seed: int, name: str, source: int
) -> torch.Tensor:
    """Which coefficient each of the entries `start` … `start + length - 1` has: uint8 `[length]`, below `count`.

    chunks: ⌊e·K / N⌋. lots: ⌊u_e·K⌋ of Philox draws u_e in [0, 1), keyed by seed, tensor name and source: the partition is
    stored with the recipe, as its seed. `start` is a multiple of four.
    """
    if sharing == "lots":
        drawn = words(key_of(seed, f"{name}/lots", source), start, length)
        return (drawn * count >> 32).to(torch.uint8)
    places = torch.arange(start, start + length, dtype=torch.int64)
    return (places * count // max(1, elements)).to(torch.uint8)

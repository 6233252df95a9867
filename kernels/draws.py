"""Draws of the Philox stream by numpy, in place and without spare passes: the bits of `kernels.reference.philox`, where there are
no compiled kernels.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from kernels.late import torch
from kernels.reference.philox import ROUNDS, Key

_M0, _M1 = np.uint64(0xD2511F53), np.uint64(0xCD9E8D57)
_W0, _W1 = 0x9E3779B9, 0xBB67AE85
_LOW = 0xFFFFFFFF
_SHIFT = np.uint64(32)
# Blocks worked on at a time: the six buffers then stay in the second-level cache.
_BLOCKS = 1 << 14

Words = npt.NDArray[np.uint64]


def bernoulli(
    key: Key, probability: float, start: int, count: int, *, device: torch.device | str = "cpu"
) -> torch.Tensor:
    """Which of the elements `start` … `start + count - 1` are kept: see `kernels.reference.philox.bernoulli`.

    Cost: about 64 bytes for each of 16 384 blocks, independent of `count`; one bool per element for the result.
    """
    if start % 4:
        raise ValueError(f"A stretch of draws starts at a multiple of four, not at {start}.")
    limit = np.uint64(round(probability * 2**32))
    kept = np.empty(((count + 3) // 4, 4), dtype=np.bool_)
    for first in range(0, kept.shape[0], _BLOCKS):
        part = kept[first : first + _BLOCKS]
        for word, drawn in enumerate(_blocks(key, start // 4 + first, part.shape[0])):
            np.less(drawn, limit, out=part[:, word])
    return torch.from_numpy(kept.reshape(-1)[:count])


def words(key: Key, start: int, count: int, *, device: torch.device | str = "cpu") -> torch.Tensor:
    """Draws `start` … `start + count - 1` as int64 `[count]` in [0, 2^32): see `kernels.reference.philox.words`."""
    if start % 4:
        raise ValueError(f"A stretch of draws starts at a multiple of four, not at {start}.")
    drawn = np.empty(((count + 3) // 4, 4), dtype=np.uint64)
    for first in range(0, drawn.shape[0], _BLOCKS):
        part = drawn[first : first + _BLOCKS]
        for word, numbers in enumerate(_blocks(key, start // 4 + first, part.shape[0])):
            part[:, word] = numbers
    return torch.from_numpy(drawn.view(np.int64).reshape(-1)[:count])


def _blocks(key: Key, first: int, count: int) -> tuple[Words, Words, Words, Words]:
    """The four output words of `count` blocks whose counters start at `first`."""
    counters = np.arange(first, first + count, dtype=np.uint64)
    c0, c1 = counters & np.uint64(_LOW), counters >> _SHIFT
    c2, c3 = np.zeros_like(c0), np.zeros_like(c0)
    product0, product1 = np.empty_like(c0), np.empty_like(c0)
    low = np.uint64(_LOW)
    k0, k1 = key
    for _ in range(ROUNDS):
        np.multiply(c0, _M0, out=product0)
        np.multiply(c2, _M1, out=product1)
        # c0 = hi1 ^ c1 ^ k0, c2 = hi0 ^ c3 ^ k1; then c1 = lo1, c3 = lo0. The buffers change roles instead of being copied.
        np.right_shift(product1, _SHIFT, out=c0)
        np.bitwise_xor(c0, c1, out=c0)
        np.bitwise_xor(c0, np.uint64(k0), out=c0)
        np.right_shift(product0, _SHIFT, out=c2)
        np.bitwise_xor(c2, c3, out=c2)
        np.bitwise_xor(c2, np.uint64(k1), out=c2)
        np.bitwise_and(product1, low, out=c1)
        np.bitwise_and(product0, low, out=c3)
        k0, k1 = (k0 + _W0) & _LOW, (k1 + _W1) & _LOW
    return c0, c1, c2, c3

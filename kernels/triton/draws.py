"""Philox4x32-10 on the device: the bits of `kernels.reference.philox`, where they are needed, without a mask in memory."""

import torch
import triton
import triton.language as tl

from kernels.triton.numbers import BLOCK, grid

Key = tuple[int, int]


@triton.jit
def block_words(first, k0, k1, BLOCK: tl.constexpr):
    """The draws of elements `4·first` … `4·first + BLOCK − 1` as uint32 `[BLOCK]`; `first` counts blocks of four."""
    counters = first + tl.arange(0, BLOCK // 4).to(tl.int64)
    c0 = counters.to(tl.uint32)
    c1 = (counters >> 32).to(tl.uint32)
    c2 = tl.zeros_like(c0)
    c3 = tl.zeros_like(c0)
    k0 = k0.to(tl.uint32)
    k1 = k1.to(tl.uint32)
    m0 = tl.full(c0.shape, 0xD2511F53, tl.uint32)
    m1 = tl.full(c0.shape, 0xCD9E8D57, tl.uint32)
    for _ in tl.static_range(10):
        high0 = tl.umulhi(m0, c0)
        high1 = tl.umulhi(m1, c2)
        low0 = m0 * c0
        low1 = m1 * c2
        c0 = high1 ^ c1 ^ k0
        c2 = high0 ^ c3 ^ k1
        c1 = low1
        c3 = low0
        k0 = k0 + tl.full((), 0x9E3779B9, tl.uint32)
        k1 = k1 + tl.full((), 0xBB67AE85, tl.uint32)
    # Word by word into the order of the elements: w0 w1 w2 w3 of the first counter, then of the second.
    return tl.join(tl.join(c0, c2), tl.join(c1, c3)).reshape(BLOCK)


@triton.jit
def words_kernel(out, keys, first, size, BLOCK: tl.constexpr):
    start = tl.program_id(0).to(tl.int64) * BLOCK
    at = start + tl.arange(0, BLOCK)
    drawn = block_words(first + start // 4, tl.load(keys), tl.load(keys + 1), BLOCK)
    tl.store(out + at, drawn.to(tl.int64), mask=at < size)


@triton.jit
def bernoulli_kernel(out, keys, limit, first, size, BLOCK: tl.constexpr):
    start = tl.program_id(0).to(tl.int64) * BLOCK
    at = start + tl.arange(0, BLOCK)
    drawn = block_words(first + start // 4, tl.load(keys), tl.load(keys + 1), BLOCK)
    tl.store(out + at, drawn.to(tl.int64) < tl.load(limit), mask=at < size)


def words(key: Key, start: int, count: int, *, device: torch.device | str = "cpu") -> torch.Tensor:
    """See `kernels.reference.philox.words`."""
    out = torch.empty(count, dtype=torch.int64, device=device)
    if count:
        words_kernel[grid(count)](out, _on(out, key), _first(start), count, BLOCK=BLOCK)
    return out


def bernoulli(
    key: Key, probability: float, start: int, count: int, *, device: torch.device | str = "cpu"
) -> torch.Tensor:
    """See `kernels.reference.philox.bernoulli`."""
    out = torch.empty(count, dtype=torch.bool, device=device)
    if count:
        limit = torch.tensor([round(probability * 2**32)]).to(out.device)
        bernoulli_kernel[grid(count)](out, _on(out, key), limit, _first(start), count, BLOCK=BLOCK)
    return out


def _on(like: torch.Tensor, key: Key) -> torch.Tensor:
    return torch.tensor(key, dtype=torch.int64).to(like.device)


def _first(start: int) -> int:
    if start % 4:
        raise ValueError(f"A stretch of draws starts at a multiple of four, not at {start}.")
    return start // 4

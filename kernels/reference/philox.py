"""Philox4x32-10 in integer tensor operations: the same bits on every device, in any order, in any number of pieces."""

from __future__ import annotations

import hashlib

from kernels.late import torch

_M0, _M1 = 0xD2511F53, 0xCD9E8D57
_W0, _W1 = 0x9E3779B9, 0xBB67AE85
_LOW = 0xFFFFFFFF
ROUNDS = 10

Key = tuple[int, int]


def key_of(seed: int, name: str, source: int) -> Key:
    """The key of one stream of draws: the first 64 bits of sha256 over seed, tensor name and source, as two 32-bit words.

    Args:
        seed: the recipe's seed.
        name: the output tensor's name.
        source: which input the draws are for, as the plan counts them.

    Returns:
        Two words in [0, 2^32), little-endian. Unrelated streams for unrelated names: the order of work does not matter.
    """
    digest = hashlib.sha256(f"{seed}\0{name}\0{source}".encode()).digest()
    return int.from_bytes(digest[:4], "little"), int.from_bytes(digest[4:8], "little")


def philox4x32(
    counter: tuple[torch.Tensor | int, torch.Tensor | int, torch.Tensor | int, torch.Tensor | int], key: Key
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor]:
    """The ten-round Philox bijection of four 32-bit counter words under two key words.

    One round: (hi0, lo0) = M0·c0, (hi1, lo1) = M1·c2; c = (hi1 ^ c1 ^ k0, lo1, hi0 ^ c3 ^ k1, lo0); k += (W0, W1).

    Source: Salmon, Moraes, Dror, Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC 2011, section 4.3.

    Args:
        counter: four words, each an int64 tensor `[n]` of values in [0, 2^32) or an int.
        key: two words in [0, 2^32).

    Returns:
        Four int64 tensors `[n]` with values in [0, 2^32).

    Cost: about twelve int64 tensors of length n.
    Determinism: a pure function. Products of two 32-bit words need 64 bits; int64 wraps, which keeps those bits, and the
        shifted half is masked, so the sign never shows.
    """
    given = [torch.as_tensor(word, dtype=torch.int64) for word in counter]
    shape = torch.broadcast_shapes(*(word.shape for word in given))  # type: ignore[no-untyped-call]
    c0, c1, c2, c3 = (word.expand(shape) for word in given)
    k0, k1 = key
    for _ in range(ROUNDS):
        product0, product1 = c0 * _M0, c2 * _M1
        high0, high1 = (product0 >> 32) & _LOW, (product1 >> 32) & _LOW
        c0, c1, c2, c3 = high1 ^ c1 ^ k0, product1 & _LOW, high0 ^ c3 ^ k1, product0 & _LOW
        k0, k1 = (k0 + _W0) & _LOW, (k1 + _W1) & _LOW
    return c0, c1, c2, c3


def words(key: Key, start: int, count: int, *, device: torch.device | str = "cpu") -> torch.Tensor:
    """Draws `start` … `start + count - 1` of the stream of `key`.

    Draw e is word e mod 4 of the block whose 128-bit counter is e div 4: each block serves four neighbouring elements.

    Args:
        key: the stream, from `key_of`.
        start: first flat element index, a multiple of four.
        count: how many draws.

    Returns:
        int64 `[count]`, values in [0, 2^32).

    Raises:
        ValueError: `start` is not a multiple of four.
    """
    if start % 4:
        raise ValueError(f"A stretch of draws starts at a multiple of four, not at {start}.")
    blocks = torch.arange(start // 4, (start + count + 3) // 4, dtype=torch.int64, device=device)
    drawn = philox4x32((blocks & _LOW, blocks >> 32, 0, 0), key)
    return torch.stack(drawn, dim=1).flatten()[:count]


def bernoulli(
    key: Key, probability: float, start: int, count: int, *, device: torch.device | str = "cpu"
) -> torch.Tensor:
    """Which of the elements `start` … `start + count - 1` are kept, each with the given probability.

    Kept iff draw < round(probability · 2^32): exact to 2^-33, and equal for every split into stretches.

    Args:
        probability: in [0, 1]; 1 keeps all.

    Returns:
        bool `[count]`.
    """
    return words(key, start, count, device=device) < round(probability * 2**32)

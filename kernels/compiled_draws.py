"""The Philox stream in machine code, for who draws much: the bits of `kernels.reference.philox`, fifteen times as fast as numpy.

Needs numba. Loading it takes as long as some fifty million draws with numpy, so `kernels.draws` asks for it when that many were made.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
from numba import njit

from kernels.reference.philox import ROUNDS

_M0, _M1 = np.uint64(0xD2511F53), np.uint64(0xCD9E8D57)
_W0, _W1 = np.uint32(0x9E3779B9), np.uint32(0xBB67AE85)
_SHIFT = np.uint64(32)

Draws = npt.NDArray[Any]


def _compiled(signature: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
        try:
            made: Callable[..., Any] = njit(signature, cache=True, nogil=True)(function)
        except RuntimeError:
            # There is no place to keep machine code between processes: it is made anew.
            made = njit(signature, nogil=True)(function)
        return made

    return decorate


@njit(inline="always")
def _block(key0, key1, counter):
    c0, c1 = np.uint32(counter), np.uint32(counter >> _SHIFT)
    c2 = c3 = np.uint32(0)
    for _ in range(ROUNDS):
        product0, product1 = np.uint64(c0) * _M0, np.uint64(c2) * _M1
        c0, c2 = np.uint32(product1 >> _SHIFT) ^ c1 ^ key0, np.uint32(product0 >> _SHIFT) ^ c3 ^ key1
        c1, c3 = np.uint32(product1), np.uint32(product0)
        key0, key1 = np.uint32(key0 + _W0), np.uint32(key1 + _W1)
    return c0, c1, c2, c3


@_compiled("void(uint32, uint32, uint64, uint64, boolean[::1])")
def keep(key0, key1, first, limit, out):
    """Which draws of the blocks from `first` on are below `limit`, into `[4 * blocks]`."""
    for place in range(out.size // 4):
        c0, c1, c2, c3 = _block(key0, key1, first + place)
        out[4 * place] = c0 < limit
        out[4 * place + 1] = c1 < limit
        out[4 * place + 2] = c2 < limit
        out[4 * place + 3] = c3 < limit


@_compiled("void(uint32, uint32, uint64, uint64[::1])")
def draw(key0, key1, first, out):
    """The draws of the blocks from `first` on, into `[4 * blocks]`."""
    for place in range(out.size // 4):
        c0, c1, c2, c3 = _block(key0, key1, first + place)
        out[4 * place], out[4 * place + 1], out[4 * place + 2], out[4 * place + 3] = c0, c1, c2, c3

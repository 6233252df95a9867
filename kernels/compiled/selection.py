"""The exact cut that keeps the k largest magnitudes, by one counting pass between two bounds from a sample."""

import ctypes
from ctypes import c_int32, c_int64

import numpy as np
import torch

from kernels.choices import EVERYTHING, INFINITE, Cut
from kernels.compiled.library import Handed, library
from kernels.select import Bits, magnitude_bits, sample_stride, threshold_by


def cut_of(base: torch.Tensor | None, source: torch.Tensor, keep: int) -> Cut:
    """See `kernels.selection.cut_of`.

    Cost: one pass over base and source, rarely two, and part of one where ties are shared out; a few hundredths of the source
        in int32.
    """
    size = source.numel()
    if keep >= size:
        return EVERYTHING
    given = Handed(base, [source])
    room = size // 16 + 4096

    def count(low: np.signedinteger, high: np.signedinteger) -> tuple[int, Bits, int]:
        nonlocal room
        while True:
            found, inside = (c_int64 * 3)(), np.empty(room, dtype=np.int32)
            library().gp_count(
                given.base, given.base_format, ctypes.c_void_p(given.sources[0]), given.formats[0], c_int64(size),
                c_int32(int(low)), c_int32(int(high)), ctypes.c_void_p(inside.ctypes.data), c_int64(room), found,
            )  # fmt: skip
            above, at_low, between = found
            if between <= room:
                return above, inside[:between], at_low
            room = between

    limit = threshold_by(count, _sample(base, source), size, keep, torch.float32)
    bits = int(torch.tensor(limit.value, dtype=torch.float32).view(torch.int32))
    if bits == 0 or bits > INFINITE:
        return EVERYTHING
    return Cut(bits, size if limit.kept_ties == limit.ties else place_of(base, source, bits, limit.kept_ties))


def place_of(base: torch.Tensor | None, source: torch.Tensor, bits: int, wanted: int) -> int:
    """The flat index of the `wanted`-th entry, counted from 1, whose magnitude has this pattern; −1 for none.

    Raises:
        ValueError: there are not so many.
    """
    if wanted == 0:
        return -1
    given = Handed(base, [source])
    place: int = library().gp_place(
        given.base, given.base_format, ctypes.c_void_p(given.sources[0]), given.formats[0], c_int64(source.numel()),
        c_int32(bits), c_int64(wanted),
    )  # fmt: skip
    if place < 0:
        raise ValueError(f"There are not {wanted} entries of this magnitude.")
    return place


def _sample(base: torch.Tensor | None, source: torch.Tensor) -> Bits:
    stride = sample_stride(source.numel())
    some = source[::stride].float()
    if base is not None:
        some = some - base[::stride].float()
    found: Bits = magnitude_bits(some, torch.empty(some.numel(), dtype=torch.int32)).numpy()
    return found

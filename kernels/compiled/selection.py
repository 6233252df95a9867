"""The exact cut that keeps the k largest magnitudes, by one counting pass between two bounds from a sample."""

from __future__ import annotations

import ctypes
from ctypes import c_int32, c_int64

import numpy as np

from kernels.choices import EVERYTHING, INFINITE, Cut
from kernels.compiled.library import Handed, library
from kernels.raw import Array
from kernels.select import Bits, sample_stride, threshold_by


def cut_of(base: Array | None, source: Array, keep: int) -> Cut:
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
                given.base, given.base_format, given.source, given.formats[0], c_int64(size),
                c_int32(int(low)), c_int32(int(high)), ctypes.c_void_p(inside.ctypes.data), c_int64(room), found,
            )  # fmt: skip
            above, at_low, between = found
            if between <= room:
                return above, inside[:between], at_low
            room = between

    limit = threshold_by(count, _sample(given, size), size, keep)
    bits = int(np.float32(limit.value).view(np.int32))
    if bits == 0 or bits > INFINITE:
        return EVERYTHING
    return Cut(bits, size if limit.kept_ties == limit.ties else place_of(base, source, bits, limit.kept_ties))


def place_of(base: Array | None, source: Array, bits: int, wanted: int) -> int:
    """The flat index of the `wanted`-th entry, counted from 1, whose magnitude has this pattern; −1 for none.

    Raises:
        ValueError: there are not so many.
    """
    if wanted == 0:
        return -1
    given = Handed(base, [source])
    place: int = library().gp_place(
        given.base, given.base_format, given.source, given.formats[0], c_int64(source.numel()),
        c_int32(bits), c_int64(wanted),
    )  # fmt: skip
    if place < 0:
        raise ValueError(f"There are not {wanted} entries of this magnitude.")
    return place


def _sample(given: Handed, size: int) -> Bits:
    stride = sample_stride(size)
    some = given.raws[0].floats(stride)
    if given.under is not None:
        with np.errstate(
            invalid="ignore", over="ignore"
        ):  # differences of infinities are no numbers, here as everywhere
            some -= given.under.floats(stride)
    return some.view(np.int32) & np.int32(0x7FFFFFFF)

"""Draws of the Philox stream: the bits of `kernels.reference.philox`."""

from __future__ import annotations

from ctypes import c_int64 as _long
from ctypes import c_uint32 as _word
from ctypes import c_uint64 as _unsigned

import numpy as np

from kernels.compiled.library import library, pointer
from kernels.late import torch
from kernels.reference.philox import Key


def bernoulli(
    key: Key, probability: float, start: int, count: int, *, device: torch.device | str = "cpu"
) -> torch.Tensor:
    """Which of the elements `start` … `start + count - 1` are kept: see `kernels.reference.philox.bernoulli`."""
    _refuse_inside(start)
    kept = np.empty(count, dtype=np.bool_)
    limit = round(probability * 2**32)
    library().gp_keep(_word(key[0]), _word(key[1]), _long(start), _long(count), _unsigned(limit), pointer(kept))
    return torch.from_numpy(kept)


def words(key: Key, start: int, count: int, *, device: torch.device | str = "cpu") -> torch.Tensor:
    """Draws `start` … `start + count - 1` as int64 `[count]` in [0, 2^32): see `kernels.reference.philox.words`."""
    _refuse_inside(start)
    drawn = np.empty(count, dtype=np.int64)
    library().gp_draws(_word(key[0]), _word(key[1]), _long(start), _long(count), pointer(drawn))
    return torch.from_numpy(drawn)


def _refuse_inside(start: int) -> None:
    if start % 4:
        raise ValueError(f"A stretch of draws starts at a multiple of four, not at {start}.")

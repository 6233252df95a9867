"""Inner products of whole tensors, in one pass: see `kernels.reference.gram`."""

from __future__ import annotations

from collections.abc import Sequence
from ctypes import c_int64
from typing import Any

import numpy as np

from kernels.compiled.library import BLOCK, Handed, as_given, library, pointer
from kernels.raw import Array


def gram(base: Array | None, sources: Sequence[Array]) -> Any:
    """G_ij = (θ_i − b)·(θ_j − b), or θ_i·θ_j without a base: float64 `[k, k]`, symmetric; an array of numpy's where what is stored was given.

    Determinism: products are added in float64 in eight lanes over 512 elements, and those sums in order: on any processor.
    """
    count = len(sources)
    given, size = Handed(base, sources), sources[0].numel()
    total, scratch = np.zeros((count, count)), np.empty(count * BLOCK)
    library().gp_gram(
        given.base, given.base_format, given.sources, given.formats, count, c_int64(size), pointer(scratch), pointer(total)
    )  # fmt: skip
    return as_given(total + np.tril(total, -1).T, sources[0])

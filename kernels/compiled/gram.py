"""Inner products of whole tensors, in one pass: see `kernels.reference.gram`."""

from collections.abc import Sequence
from ctypes import c_int64

import torch

from kernels.compiled.library import BLOCK, Handed, library, pointer


def gram(base: torch.Tensor | None, sources: Sequence[torch.Tensor]) -> torch.Tensor:
    """G_ij = (θ_i − b)·(θ_j − b), or θ_i·θ_j without a base: float64 `[k, k]`, symmetric.

    Determinism: products are added in float64 in eight lanes over 512 elements, and those sums in order: on any processor.
    """
    count = len(sources)
    given, size = Handed(base, sources), sources[0].numel()
    total, scratch = torch.zeros(count, count, dtype=torch.float64), torch.empty(count * BLOCK, dtype=torch.float64)
    library().gp_gram(
        given.base, given.base_format, given.sources, given.formats, count, c_int64(size), pointer(scratch), pointer(total)
    )  # fmt: skip
    return total + total.tril(-1).T

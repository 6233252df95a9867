"""Inner products of whole tensors in one pass: each program adds up its own stretch in float64, and the stretches are added in order."""

from collections.abc import Sequence

import torch
import triton
import triton.language as tl

from kernels.triton.numbers import WARPS, given, widened

# Elements of one program, and of one step of its loop. Sixteen programs make one chunk of 1 Mi elements.
SPAN, TILE = 1 << 16, 1 << 10


@triton.jit
def gram_kernel(
    base, sources, partials, size, N: tl.constexpr, HAS_BASE: tl.constexpr, SPAN: tl.constexpr, TILE: tl.constexpr
):
    """`partials` float64 `[programs, N·(N + 1)/2]`: the products (row, column ≤ row) of one stretch."""
    PAIRS: tl.constexpr = N * (N + 1) // 2
    start = tl.program_id(0).to(tl.int64) * SPAN
    sums = ()
    for _ in tl.static_range(PAIRS):
        sums = sums + (tl.zeros([TILE], tl.float64),)
    for tile in range(0, tl.minimum(SPAN, size - start), TILE):
        at = start + tile + tl.arange(0, TILE)
        inside = at < size
        under = tl.zeros([TILE], tl.float32)
        if HAS_BASE:
            under = widened(base, at, inside)
        vectors = ()
        for i in tl.static_range(N):
            value = widened(sources[i], at, inside)
            if HAS_BASE:
                value = value - under
            vectors = vectors + (value.to(tl.float64),)
        added = ()
        for row in tl.static_range(N):
            for column in tl.static_range(row + 1):
                added = added + (sums[row * (row + 1) // 2 + column] + vectors[row] * vectors[column],)
        sums = added
    for pair in tl.static_range(PAIRS):
        tl.store(partials + tl.program_id(0) * PAIRS + pair, tl.sum(sums[pair], axis=0))


def gram(base: torch.Tensor | None, sources: Sequence[torch.Tensor]) -> torch.Tensor:
    """See `kernels.reference.gram.gram`. Sums differ from the reference in the order within 64 Ki elements, always the same."""
    count = len(sources)
    first, flats = given(base, sources)
    programs = triton.cdiv(first.numel(), SPAN)
    partials = torch.zeros(programs, count * (count + 1) // 2, dtype=torch.float64, device=first.device)
    if programs:
        gram_kernel[(programs,)](
            first,
            flats,
            partials,
            first.numel(),
            N=count,
            HAS_BASE=base is not None,
            SPAN=SPAN,
            TILE=TILE,
            num_warps=WARPS,
        )
    # Column by column in order: the last running total is the sum from the first stretch to the last.
    sums = partials.cpu().cumsum(0)[-1] if programs else torch.zeros(partials.shape[1], dtype=torch.float64)
    lower = torch.zeros(count, count, dtype=torch.float64)
    lower[tuple(torch.tril_indices(count, count))] = sums
    return lower + lower.tril(-1).T

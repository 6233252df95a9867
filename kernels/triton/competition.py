"""PCB-Merging's passes over base and sources: every score is worked out where it is needed, and none is kept in memory."""

from collections.abc import Sequence

import torch
import triton
import triton.language as tl

from kernels.reference.competition import BINS, SMALLEST, Bounds, Shared
from kernels.triton.numbers import BLOCK, EXACT, given, grid, rounded, table, widened


@triton.jit
def tanh(x):
    """tanh, for small x by its series: there the quotient of exponentials would lose the digits that count."""
    square = x * x
    series = x * (1.0 + square * (-0.33333334 + square * (0.13333334 + square * (-0.05396825 + square * 0.02186949))))
    size = tl.minimum(tl.abs(x), 20.0)
    quotient = 1.0 - tl.div_rn(tl.zeros_like(x) + 2.0, tl.exp(2.0 * size) + 1.0)
    large = tl.where(x < 0, -quotient, quotient)
    return tl.where(x != x, x, tl.where(tl.abs(x) < 0.25, series, large))


@triton.jit
def share(values, bounds):
    """minmax of the values clipped to the two numbers that `bounds` points to; where these are one, a step."""
    low = tl.load(bounds)
    high = tl.load(bounds + 1)
    width = tl.zeros_like(values) + (high - low)
    clipped = tl.where(values < low, low, tl.where(values > high, high, values))
    within = tl.div_rn(clipped - low, tl.where(width > 0, width, 1.0))
    return tl.where(width > 0, within, tl.where(values >= high, 1.0, 0.0))


@triton.jit
def competition(delta, total, bounds, N: tl.constexpr):
    """(τ', P) of a block of one source."""
    low = tl.load(bounds)
    high = tl.load(bounds + 1)
    size = tl.abs(delta)
    clamped = tl.where(size < low, low, tl.where(size > high, high, size))
    within = share(clamped, bounds)
    signed = tl.where(delta > 0, clamped, tl.where(delta < 0, -clamped, clamped * 0.0))
    return signed, tl.exp((within * within - 1.0) * N) * tanh(delta * total)


@triton.jit
def counts_kernel(
    base, sources, bounds, uppers, counts, size,
    N: tl.constexpr, HAS_BASE: tl.constexpr, COMPETING: tl.constexpr, WITHIN: tl.constexpr, BINS: tl.constexpr, BLOCK: tl.constexpr,
):  # fmt: skip
    """`counts` int64 `[N, max(WITHIN, 1), BINS]`; `uppers` int32 `[N, WITHIN]`, where WITHIN bins of each source are looked into."""
    at = tl.program_id(0).to(tl.int64) * BLOCK + tl.arange(0, BLOCK)
    inside = at < size
    under = tl.zeros([BLOCK], tl.float32)
    if HAS_BASE:
        under = widened(base, at, inside)
    deltas = ()
    total = tl.zeros([BLOCK], tl.float32)
    for i in tl.static_range(N):
        delta = widened(sources[i], at, inside)
        if HAS_BASE:
            delta = delta - under
        deltas = deltas + (delta,)
        total = delta if i == 0 else total + delta
    for i in tl.static_range(N):
        values = tl.abs(deltas[i])
        if COMPETING:
            _, values = competition(deltas[i], total, bounds + 2 * i, N)
        bits = values.to(tl.uint32, bitcast=True)
        keys = tl.where((bits >> 31) == 1, bits ^ 0xFFFFFFFF, bits ^ 0x80000000)
        upper = (keys >> 16).to(tl.int32)
        lower = (keys & 0xFFFF).to(tl.int32)
        finite = inside & ((bits & 0x7FFFFFFF) < 0x7F800000)
        if WITHIN == 0:
            tl.atomic_add(counts + i * BINS + upper, 1, mask=finite)
        for j in tl.static_range(WITHIN):
            wanted = finite & (upper == tl.load(uppers + i * WITHIN + j))
            tl.atomic_add(counts + (i * WITHIN + j) * BINS + lower, 1, mask=wanted)


@triton.jit
def share_kernel(
    base, sources, bounds, scores, numbers, out, merged, kept, size,
    N: tl.constexpr, HAS_BASE: tl.constexpr, MERGED: tl.constexpr, SMALLEST: tl.constexpr, BLOCK: tl.constexpr,
):  # fmt: skip
    """`numbers` float32: N weights, scale. `kept` int64 `[N]`."""
    at = tl.program_id(0).to(tl.int64) * BLOCK + tl.arange(0, BLOCK)
    inside = at < size
    under = tl.zeros([BLOCK], tl.float32)
    if HAS_BASE:
        under = widened(base, at, inside)
    deltas = ()
    total = tl.zeros([BLOCK], tl.float32)
    for i in tl.static_range(N):
        delta = widened(sources[i], at, inside)
        if HAS_BASE:
            delta = delta - under
        deltas = deltas + (delta,)
        total = delta if i == 0 else total + delta
    change = tl.zeros([BLOCK], tl.float32)
    won = tl.zeros([BLOCK], tl.float32)
    for i in tl.static_range(N):
        clamped, values = competition(deltas[i], total, bounds + 2 * i, N)
        score = share(values, scores + 2 * i)
        tl.atomic_add(kept + i, tl.sum((inside & (score != 0)).to(tl.int32), axis=0).to(tl.int64))
        won = won + score
        change = change + score * clamped * tl.load(numbers + i)
    change = tl.div_rn(change, tl.where(won < SMALLEST, SMALLEST, won)) * tl.load(numbers + N)
    if MERGED:
        tl.store(merged + at, change, mask=inside)
    result = change
    if HAS_BASE:
        result = under + change
    tl.store(out + at, rounded(result, out.dtype.element_ty), mask=inside)


def competition_counts(
    base: torch.Tensor | None, sources: Sequence[torch.Tensor], bounds: Bounds | None = None,
    uppers: Sequence[Sequence[int]] | None = None,
) -> torch.Tensor:  # fmt: skip
    """See `kernels.reference.competition.competition_counts`; every source is looked into at as many bins."""
    first, flats = given(base, sources)
    within = 0 if uppers is None else len(uppers[0])
    counts = torch.zeros(len(flats), max(within, 1), BINS, dtype=torch.int64, device=first.device)
    if first.numel():
        bins = torch.tensor([0] if uppers is None else uppers, dtype=torch.int32).to(first.device)
        counts_kernel[grid(first.numel())](
            first, flats, table([0.0] if bounds is None else bounds, first), bins, counts, first.numel(),  # type: ignore[arg-type]
            N=len(flats), HAS_BASE=base is not None, COMPETING=bounds is not None, WITHIN=within, BINS=BINS, BLOCK=BLOCK, **EXACT,
        )  # fmt: skip
    return counts.squeeze(1) if uppers is None else counts


def share_out(
    base: torch.Tensor | None, sources: Sequence[torch.Tensor], bounds: Bounds, scores: Bounds, *,
    weights: Sequence[float], scale: float, dtype: torch.dtype, merged: bool = False,
) -> Shared:  # fmt: skip
    """See `kernels.reference.competition.share_out`: equal to a few units in the last place of exp and tanh."""
    first, flats = given(base, sources)
    size = first.numel()
    out = torch.empty(size, dtype=dtype, device=first.device)
    change = torch.empty(size if merged else 0, dtype=torch.float32, device=first.device)
    kept = torch.zeros(len(flats), dtype=torch.int64, device=first.device)
    if size:
        share_kernel[grid(size)](
            first, flats, table(bounds, first), table(scores, first), table([*weights, scale], first), out, change, kept, size,  # type: ignore[arg-type]
            N=len(flats), HAS_BASE=base is not None, MERGED=merged, SMALLEST=SMALLEST, BLOCK=BLOCK, **EXACT,
        )  # fmt: skip
    return Shared(out, kept.tolist(), change if merged else None)

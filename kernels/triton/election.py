"""Sign election in registers: one pass over the deltas, nothing in between."""

from collections.abc import Sequence

import torch
import triton
import triton.language as tl

from kernels.triton.numbers import BLOCK, EXACT, flat, grid, table


@triton.jit
def elected(deltas, weights, N: tl.constexpr, NORMALIZE: tl.constexpr, RAW: tl.constexpr, COUNT: tl.constexpr):
    """(m or m/D, how many of the sources agree) of a block; `deltas` is a tuple of N float32 blocks, `weights` a pointer."""
    total = deltas[0] if RAW else deltas[0] * tl.load(weights)
    for i in tl.static_range(1, N):
        total = total + (deltas[i] if RAW else deltas[i] * tl.load(weights + i))
    sign = tl.where(total < 0, -1.0, 1.0)
    out = tl.zeros_like(total)
    divisor = tl.zeros_like(total)
    agreed = tl.zeros_like(total)
    for i in tl.static_range(N):
        weight = tl.load(weights + i)
        vote = deltas[i] * sign
        if not RAW:
            vote = vote * weight
        # What is not a number is neither above nor below: it stays, so that it shows.
        vote = tl.where(vote < 0, 0.0, vote)
        out = out + (vote * weight if RAW else vote)
        agrees = tl.where(vote > 0, 1.0, 0.0)
        agreed = agreed + agrees
        divisor = divisor + (agrees if COUNT else agrees * weight)
    out = out * sign
    if NORMALIZE:
        out = tl.div_rn(out, tl.where(divisor == 0, 1.0, divisor))
    return out, agreed


@triton.jit
def elect_kernel(
    deltas, weights, out, agreed, size,
    N: tl.constexpr, NORMALIZE: tl.constexpr, RAW: tl.constexpr, COUNT: tl.constexpr, BLOCK: tl.constexpr,
):  # fmt: skip
    at = tl.program_id(0).to(tl.int64) * BLOCK + tl.arange(0, BLOCK)
    inside = at < size
    blocks = ()
    for i in tl.static_range(N):
        blocks = blocks + (tl.load(deltas[i] + at, mask=inside, other=0.0),)
    merged, agreeing = elected(blocks, weights, N, NORMALIZE, RAW, COUNT)
    tl.store(out + at, merged, mask=inside)
    tl.atomic_add(agreed, tl.sum(agreeing.to(tl.int32), axis=0).to(tl.int64))


def elect(
    deltas: Sequence[torch.Tensor], weights: Sequence[float], *, normalize: bool, out: torch.Tensor,
    scratch: Sequence[torch.Tensor] = (), raw: bool = False, count: bool = False,
) -> tuple[torch.Tensor, float]:  # fmt: skip
    """See `kernels.reference.election.elect`; needs no scratch. Where infinities of both signs meet, the sum elects +."""
    agreed = torch.zeros(1, dtype=torch.int64, device=out.device)
    if out.numel():
        target = out if out.is_contiguous() else torch.empty_like(out, memory_format=torch.contiguous_format)
        elect_kernel[grid(out.numel())](
            tuple(flat(delta) for delta in deltas), table(weights, out), target, agreed, out.numel(),
            N=len(deltas), NORMALIZE=normalize, RAW=raw, COUNT=count, BLOCK=BLOCK, **EXACT,
        )  # fmt: skip
        if target is not out:
            out.copy_(target)
    return out, float(agreed.item())

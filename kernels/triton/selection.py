"""Histograms of magnitudes, the place of a tie, and ranks within rows: what exact cuts and odds by rank are found from."""

import torch
import triton
import triton.language as tl

from kernels.reference.selection import LOWER, LOWER_BITS, UPPER
from kernels.triton.numbers import BLOCK, WARPS, given, grid, widened

# Histograms kept side by side, so that programs which count the same bin seldom wait for each other.
COPIES = 8


@triton.jit
def magnitude(base, source, at, inside, HAS_BASE: tl.constexpr):
    """The pattern of |θ − b| as int32."""
    delta = widened(source, at, inside)
    if HAS_BASE:
        delta = delta - widened(base, at, inside)
    return delta.to(tl.int32, bitcast=True) & 0x7FFFFFFF


@triton.jit
def counts_kernel(
    base, source, counts, upper, size,
    HAS_BASE: tl.constexpr, WITHIN: tl.constexpr, SHIFT: tl.constexpr, BINS: tl.constexpr, COPIES: tl.constexpr, BLOCK: tl.constexpr,
):  # fmt: skip
    """`upper` points to the bin whose lower bits are counted."""
    at = tl.program_id(0).to(tl.int64) * BLOCK + tl.arange(0, BLOCK)
    inside = at < size
    bits = magnitude(base, source, at, inside, HAS_BASE)
    own = counts + (tl.program_id(0) % COPIES) * BINS
    if WITHIN:
        wanted = inside & ((bits >> SHIFT) == tl.load(upper))
        tl.atomic_add(own + (bits & ((1 << SHIFT) - 1)), 1, mask=wanted)
    else:
        # Weights that did not change are many: counted in registers, so that they do not queue at one address.
        tl.atomic_add(own + (bits >> SHIFT), 1, mask=inside & (bits != 0))
        tl.atomic_add(own, tl.sum((inside & (bits == 0)).to(tl.int32), axis=0))


@triton.jit
def equal_kernel(base, source, found, bits, size, HAS_BASE: tl.constexpr, BLOCK: tl.constexpr):
    """How many entries of each block have the pattern that `bits` points to."""
    at = tl.program_id(0).to(tl.int64) * BLOCK + tl.arange(0, BLOCK)
    inside = at < size
    same = inside & (magnitude(base, source, at, inside, HAS_BASE) == tl.load(bits))
    tl.store(found + tl.program_id(0), tl.sum(same.to(tl.int32), axis=0))


@triton.jit
def ranks_kernel(base, source, ranks, columns, HAS_BASE: tl.constexpr, WIDTH: tl.constexpr):
    """One row: sorts (pattern, place), and writes each place's rank. Places beyond the row sort last."""
    place = tl.arange(0, WIDTH)
    inside = place < columns
    row = tl.program_id(0).to(tl.int64) * columns
    bits = magnitude(base, source, row + place, inside, HAS_BASE)
    keys = tl.where(inside, (bits.to(tl.int64) << 32) | place.to(tl.int64), 0x7FFFFFFFFFFFFFFF)
    places = (tl.sort(keys) & 0x7FFFFFFF).to(tl.int32)
    tl.store(ranks + row + places, place, mask=inside)


def magnitude_counts(base: torch.Tensor | None, source: torch.Tensor, upper: int | None = None) -> torch.Tensor:
    """See `kernels.reference.selection.magnitude_counts`."""
    bins = UPPER if upper is None else LOWER
    first, (values,) = given(base, (source,))
    counts = torch.zeros(COPIES, bins, dtype=torch.int32, device=values.device)
    if values.numel():
        wanted = torch.tensor([upper or 0], dtype=torch.int32).to(values.device)
        counts_kernel[grid(values.numel())](
            first, values, counts, wanted, values.numel(), HAS_BASE=base is not None, WITHIN=upper is not None,
            SHIFT=LOWER_BITS, BINS=bins, COPIES=COPIES, BLOCK=BLOCK, num_warps=WARPS,
        )  # fmt: skip
    return counts.sum(dim=0, dtype=torch.int64)


def place_of(base: torch.Tensor | None, source: torch.Tensor, bits: int, wanted: int) -> int:
    """See `kernels.reference.selection.place_of`: counts block by block, then looks into the one block."""
    if wanted == 0:
        return -1
    first, (values,) = given(base, (source,))
    size = values.numel()
    found = torch.zeros(triton.cdiv(size, BLOCK), dtype=torch.int32, device=values.device)
    if size:
        pattern = torch.tensor([bits], dtype=torch.int32).to(values.device)
        equal_kernel[grid(size)](
            first, values, found, pattern, size, HAS_BASE=base is not None, BLOCK=BLOCK, num_warps=WARPS
        )
    before = found.cumsum(0, dtype=torch.int64)
    if size == 0 or wanted > int(before[-1]):
        raise ValueError(f"There are {int(before[-1]) if size else 0} entries of this magnitude, not {wanted}.")
    block = int(torch.searchsorted(before, wanted))
    part = slice(block * BLOCK, (block + 1) * BLOCK)
    delta = values[part].float() if base is None else values[part].float() - first[part].float()
    places = ((delta.view(torch.int32) & 0x7FFFFFFF) == bits).nonzero().flatten()
    return block * BLOCK + int(places[wanted - 1 - (int(before[block - 1]) if block else 0)])


def row_ranks(base: torch.Tensor | None, source: torch.Tensor, columns: int) -> torch.Tensor:
    """See `kernels.reference.selection.row_ranks`; rows of up to 4 Ki entries are meant (`kernels.dispatch.LARGEST`)."""
    first, (values,) = given(base, (source,))
    ranks = torch.empty(values.numel(), dtype=torch.int32, device=values.device)
    if values.numel():
        width = triton.next_power_of_2(columns)
        ranks_kernel[(values.numel() // columns,)](
            first,
            values,
            ranks,
            columns,
            HAS_BASE=base is not None,
            WIDTH=width,
            num_warps=min(32, max(1, width // 256)),
        )
    return ranks

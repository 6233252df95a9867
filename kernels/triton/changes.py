"""TIES, DARE, DELLA and their kin in one pass: load, subtract, keep, weight, elect, sum, divide, scale, add, cast, store."""

from collections.abc import Sequence
from typing import Any

import torch
import triton
import triton.language as tl

from kernels.choices import Choice, Cuts, Drawn, Ranked
from kernels.reference.changes import Changed, one_mode
from kernels.triton.draws import block_words
from kernels.triton.election import elected
from kernels.triton.numbers import BLOCK, EXACT, given, grid, rounded, table, widened


@triton.jit
def is_above(bits, at, cut):
    """Whether entries are above a cut: by magnitude, and among equals by place. `cut` points to (pattern, last place)."""
    limit = tl.load(cut)
    return (bits > limit) | ((bits == limit) & (at <= tl.load(cut + 1)))


@triton.jit
def kept(delta, start, at, inside, rule, ranks, limits, factors, MODE: tl.constexpr, BLOCK: tl.constexpr):
    """(what stays of a block, which entries these are). `rule` points to four whole numbers: see `_rules`."""
    if MODE == "cut":
        bits = (delta.to(tl.int32, bitcast=True) & 0x7FFFFFFF).to(tl.int64)
        stays = is_above(bits, at, rule) & (is_above(bits, at, rule + 2) == 0)
        value = tl.where(stays, delta, 0.0)
    else:
        drawn = block_words(start // 4, tl.load(rule), tl.load(rule + 1), BLOCK).to(tl.int64)
        if MODE == "drawn":
            stays = drawn < tl.load(rule + 2)
            value = delta * tl.where(stays, 1.0, 0.0)
        else:
            rank = tl.load(ranks + at, mask=inside, other=0)
            stays = drawn < tl.load(limits + rank)
            value = delta * tl.where(stays, 1.0, 0.0) * tl.load(factors + rank)
    return value, stays & inside


@triton.jit
def changes_kernel(
    base, sources, rules, numbers, ranks, limits, odds, out, merged, counts, size,
    N: tl.constexpr, MODE: tl.constexpr, HAS_BASE: tl.constexpr, VOTE: tl.constexpr, DIVIDE: tl.constexpr,
    NORMALIZE: tl.constexpr, RAW: tl.constexpr, COUNT: tl.constexpr, MERGED: tl.constexpr, BLOCK: tl.constexpr,
):  # fmt: skip
    """`numbers` float32: N weights, N factors, scale, divisor. `counts` int64: how many stay of each source, how many agree."""
    start = tl.program_id(0).to(tl.int64) * BLOCK
    at = start + tl.arange(0, BLOCK)
    inside = at < size
    under = tl.zeros([BLOCK], tl.float32)
    if HAS_BASE:
        under = widened(base, at, inside)
    values = ()
    for i in tl.static_range(N):
        delta = widened(sources[i], at, inside)
        if HAS_BASE:
            delta = delta - under
        value, stays = kept(delta, start, at, inside, rules + 4 * i, ranks[i], limits[i], odds[i], MODE, BLOCK)
        tl.atomic_add(counts + i, tl.sum(stays.to(tl.int32), axis=0).to(tl.int64))
        values = values + (value * tl.load(numbers + N + i),)
    if VOTE:
        change, agreed = elected(values, numbers, N, NORMALIZE, RAW, COUNT)
        tl.atomic_add(counts + N, tl.sum(tl.where(inside, agreed, 0.0).to(tl.int32), axis=0).to(tl.int64))
    else:
        change = values[0] * tl.load(numbers)
        for i in tl.static_range(1, N):
            change = change + values[i] * tl.load(numbers + i)
        if DIVIDE:
            change = tl.div_rn(change, tl.zeros_like(change) + tl.load(numbers + 2 * N + 1))
    change = change * tl.load(numbers + 2 * N)
    if MERGED:
        tl.store(merged + at, change, mask=inside)
    result = change
    if HAS_BASE:
        result = under + change
    tl.store(out + at, rounded(result, out.dtype.element_ty), mask=inside)


def changes(
    base: torch.Tensor | None, sources: Sequence[torch.Tensor], choices: Sequence[Choice], *,
    weights: Sequence[float], factors: Sequence[float], scale: float, dtype: torch.dtype, vote: bool = False,
    divisor: float = 1.0, normalize: bool = False, raw: bool = False, count: bool = False, merged: bool = False,
) -> Changed:  # fmt: skip
    """See `kernels.reference.changes.changes`: the same bits."""
    mode, count_of_sources, size = one_mode(choices, sources), len(sources), sources[0].numel()
    first, flats = given(base, sources)
    out = torch.empty(size, dtype=dtype, device=first.device)
    change = torch.empty(size if merged else 0, dtype=torch.float32, device=first.device)
    counts = torch.zeros(count_of_sources + 1, dtype=torch.int64, device=first.device)
    if size:
        changes_kernel[grid(size)](
            first, flats, table([n for choice in choices for n in _rule(choice)], first, torch.int64),
            table([*weights, *factors, scale, divisor], first), *_ranked(choices, first), out, change, counts, size,
            N=count_of_sources, MODE=mode, HAS_BASE=base is not None, VOTE=vote, DIVIDE=divisor != 1.0,
            NORMALIZE=normalize, RAW=raw, COUNT=count, MERGED=merged, BLOCK=BLOCK, **EXACT,
        )  # fmt: skip
    *kept_counts, agreed = counts.tolist()
    return Changed(out, kept_counts, agreed, change if merged else None)


def _rule(choice: Choice) -> tuple[int, int, int, int]:
    if isinstance(choice, Cuts):
        return (*choice.lower, *choice.upper)
    return (*choice.key, choice.limit if isinstance(choice, Drawn) else 0, 0)


def _ranked(choices: Sequence[Choice], like: torch.Tensor) -> list[tuple[Any, ...]]:
    """Ranks, limits and factors of each source; where nothing is ranked, something to point at."""
    tables = [
        (choice.ranks, choice.limits, choice.factors) if isinstance(choice, Ranked) else (like, like, like)
        for choice in choices
    ]
    return [tuple(tensor.contiguous().to(like.device) for tensor in column) for column in zip(*tables, strict=True)]

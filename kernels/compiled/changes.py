"""The fused map of the task arithmetic family in one pass, with what it tells of the tensor: see `kernels.reference.changes`."""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from ctypes import c_double, c_float, c_int32, c_int64, c_uint32, c_uint64, c_void_p
from dataclasses import replace

import numpy as np

from kernels.choices import ALWAYS, EVERYTHING, NOTHING, Choice, Cuts, Drawn
from kernels.compiled.library import BLOCK, FORMATS, Handed, library, pointer, readable
from kernels.late import torch
from kernels.raw import Array, raw_of, tensor_of
from kernels.reference.changes import MOST_PAIRED, Changed, Looked, Sums, one_mode
from kernels.reference.changes import changes as plain_changes

# Entries to a word of remembered draws.
_WORD = 16


class _Choice(ctypes.Structure):
    _fields_ = [
        ("mode", c_int32), ("lower", c_int32), ("upper", c_int32), ("all", c_int32), ("lower_last", c_int64),
        ("upper_last", c_int64), ("limit", c_uint64), ("key0", c_uint32), ("key1", c_uint32),
        ("drawn", c_void_p),
    ]  # fmt: skip


class _Options(ctypes.Structure):
    _fields_ = [
        ("scale", c_float), ("divisor", c_float), ("smallest", c_float),
        ("vote", c_int32), ("normalize", c_int32), ("raw", c_int32), ("count", c_int32),
    ]  # fmt: skip


class _Look(ctypes.Structure):
    _fields_ = [
        ("every", c_int64), ("length", c_int64), ("seen", c_int64), ("shared", c_int64), ("conflicts", c_int64), ("moved", c_int64),
        ("lost", c_int64), ("changed", c_void_p), ("against", c_void_p), ("squares", c_void_p), ("products", c_void_p),
    ]  # fmt: skip


class _Looking:
    """Room for what is counted of `many` sources."""

    def __init__(self, many: int, every: int, length: int) -> None:
        if length % BLOCK:
            raise ValueError(f"What is looked at is a multiple of {BLOCK} entries, not {length}.")
        self._changed, self._against = np.zeros(many, dtype=np.int64), np.zeros(many, dtype=np.int64)
        paired = many <= MOST_PAIRED
        self._squares = np.zeros(many if paired else 0)
        self._products = np.zeros(many * (many - 1) // 2 if paired else 0)
        # A single source has no pairs, and needs no products.
        places = (
            pointer(one if one.size else None) for one in (self._changed, self._against, self._squares, self._products)
        )
        self.look = _Look(every, length, 0, 0, 0, 0, 0, *places)

    def looked(self) -> Looked:
        look = self.look
        return Looked(
            look.seen, self._squares.tolist(), self._products.tolist(), self._changed.tolist(), self._against.tolist(),
            look.shared, look.conflicts, look.moved, look.lost,
        )  # fmt: skip


def changes(
    base: Array | None, sources: Sequence[Array], choices: Sequence[Choice], *,
    weights: Sequence[float], factors: Sequence[float], scale: float, dtype: torch.dtype | None = None, vote: bool = False,
    divisor: float = 1.0, normalize: bool = False, raw: bool = False, count: bool = False, merged: bool = False,
    part: slice | None = None, out: Array | None = None, look: tuple[int, int] | None = None,
) -> Changed:  # fmt: skip
    """As `kernels.reference.changes`, and `sums` besides; choices by rank are left to it.

    Args:
        dtype: of the result, where there is no `out`.
        part: of the entries, beginning at a multiple of 512; all unless told otherwise.
        out: `[part]` without gaps, receives the result.
        look: (every, length): give `looked` for the first `length` entries of each `every`; a multiple of 512.

    Cost: reads and writes every entry once.
    """
    if one_mode(choices, sources) == "ranked":
        return plain_changes(
            None if base is None else tensor_of(base), list(map(tensor_of, sources)), choices, weights=weights, factors=factors,
            scale=scale, dtype=dtype or torch.float32, vote=vote,
            divisor=divisor, normalize=normalize, raw=raw, count=count, merged=merged,
        )  # fmt: skip
    begin, end, _ = (part or slice(None)).indices(sources[0].numel())
    if begin % BLOCK:
        raise ValueError(f"A part begins at a multiple of {BLOCK}, not at {begin}.")
    many, size = len(sources), end - begin
    given, result = Handed(base, sources), readable(torch.empty(size, dtype=dtype)) if out is None else raw_of(out)
    change = np.empty(size, dtype=np.float32) if merged else None
    smallest = 1.0 if count else min(weights)
    options = _Options(scale, divisor, smallest, vote, normalize, raw, count)
    scratch = np.empty(2 * many * BLOCK, dtype=np.float32)
    sums, counts = (c_double * (2 * many + 1))(), (c_int64 * (many + 2))()
    looking = None if look is None else _Looking(many, *look)
    library().gp_changes(
        given.base, given.base_format, given.sources, given.formats, (_Choice * many)(*map(_rule, choices)),
        (c_float * many)(*weights), (c_float * many)(*factors), many, c_int64(begin), c_int64(end), ctypes.byref(options),
        pointer(result.data), FORMATS[result.format], pointer(change), pointer(scratch), (c_void_p * many)(),
        sums, counts, None if looking is None else ctypes.byref(looking.look),
    )  # fmt: skip
    *kept, agreed, bad = counts
    if out is None:
        made = result.tensor().to(dtype or torch.float32)
        out, bad = made, int((~made.float().isfinite()).sum())
    return Changed(
        out, kept, agreed, None if change is None else torch.from_numpy(change),
        Sums(sums[:many], sums[many : 2 * many], sums[2 * many], bad), None if looking is None else looking.looked(),
    )  # fmt: skip


def lengths(base: Array | None, source: Array, choice: Choice) -> tuple[float, float, Choice]:
    """Σ|τ| and Σ|what stays of τ| of one source, in float64.

    Returns:
        The two sums, and the choice; it remembers its draws, a bit for each, where they are by lot.

    Determinism: eight lanes over 512 entries, and those sums in order, on any processor.
    """
    given, size = Handed(base, [source]), source.numel()
    if isinstance(choice, Drawn):
        words = -(-size // BLOCK) * (BLOCK // _WORD)
        choice = replace(choice, drawn=np.empty(words, dtype=np.uint16))
    sums, rule = (c_double * 2)(), _rule(choice)
    library().gp_lengths(
        given.base, given.base_format, given.source, given.formats[0], ctypes.byref(rule), c_int64(size), sums
    )  # fmt: skip
    return sums[0], sums[1], choice


def _rule(choice: Choice) -> _Choice:
    if isinstance(choice, Cuts):
        lower, upper = choice.lower, choice.upper
        everything = lower == EVERYTHING and upper == NOTHING
        return _Choice(0, lower.bits, upper.bits, everything, lower.last, upper.last, 0, 0, 0, None)
    if not isinstance(choice, Drawn):
        raise TypeError(f"{choice} is neither a cut nor a draw.")
    drawn = None if choice.drawn is None else choice.drawn.ctypes.data
    return _Choice(1, 0, 0, choice.limit >= ALWAYS, 0, 0, choice.limit, *choice.key, drawn)

"""The fused map of the task arithmetic family in one pass, with what it tells of the tensor: see `kernels.reference.changes`."""

import ctypes
from collections.abc import Sequence
from ctypes import c_double, c_float, c_int32, c_int64, c_uint32, c_uint64, c_void_p
from dataclasses import replace

import torch

from kernels.choices import ALWAYS, EVERYTHING, NOTHING, Choice, Cuts, Drawn
from kernels.compiled.library import BLOCK, FORMATS, Handed, library, pointer
from kernels.reference.changes import Changed, Sums, one_mode
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


def changes(
    base: torch.Tensor | None, sources: Sequence[torch.Tensor], choices: Sequence[Choice], *,
    weights: Sequence[float], factors: Sequence[float], scale: float, dtype: torch.dtype, vote: bool = False,
    divisor: float = 1.0, normalize: bool = False, raw: bool = False, count: bool = False, merged: bool = False,
    part: slice | None = None, out: torch.Tensor | None = None,
) -> Changed:  # fmt: skip
    """As `kernels.reference.changes`, and `sums` besides; choices by rank are left to it.

    Args:
        part: of the entries, beginning at a multiple of 512; all unless told otherwise.
        out: `[part]` in `dtype`, receives the result.

    Cost: reads and writes every entry once.
    """
    if one_mode(choices, sources) == "ranked":
        return plain_changes(
            base, sources, choices, weights=weights, factors=factors, scale=scale, dtype=dtype, vote=vote,
            divisor=divisor, normalize=normalize, raw=raw, count=count, merged=merged,
        )  # fmt: skip
    begin, end, _ = (part or slice(None)).indices(sources[0].numel())
    if begin % BLOCK:
        raise ValueError(f"A part begins at a multiple of {BLOCK}, not at {begin}.")
    many = len(sources)
    given = Handed(base, sources)
    stored = dtype if dtype in FORMATS else torch.float32
    result = torch.empty(end - begin, dtype=stored) if out is None else out
    change = torch.empty(end - begin, dtype=torch.float32) if merged else None
    smallest = 1.0 if count else min(weights)
    options = _Options(scale, divisor, smallest, vote, normalize, raw, count)
    scratch = torch.empty(2 * many * BLOCK)
    sums, counts = (c_double * (2 * many + 1))(), (c_int64 * (many + 2))()
    library().gp_changes(
        given.base, given.base_format, given.sources, given.formats, (_Choice * many)(*map(_rule, choices)),
        (c_float * many)(*weights), (c_float * many)(*factors), many, c_int64(begin), c_int64(end), ctypes.byref(options),
        pointer(result), FORMATS[stored], pointer(change), pointer(scratch), (c_void_p * many)(),
        sums, counts,
    )  # fmt: skip
    *kept, agreed, bad = counts
    if stored != dtype:
        result = result.to(dtype)
        bad = int((~result.float().isfinite()).sum())
    return Changed(result, kept, agreed, change, Sums(sums[:many], sums[many : 2 * many], sums[2 * many], bad))


def lengths(base: torch.Tensor | None, source: torch.Tensor, choice: Choice) -> tuple[float, float, Choice]:
    """Σ|τ| and Σ|what stays of τ| of one source, in float64.

    Returns:
        The two sums, and the choice; it remembers its draws, a bit for each, where they are by lot.

    Determinism: eight lanes over 512 entries, and those sums in order, on any processor.
    """
    given, size = Handed(base, [source]), source.numel()
    if isinstance(choice, Drawn):
        words = -(-size // BLOCK) * (BLOCK // _WORD)
        choice = replace(choice, drawn=torch.empty(words, dtype=torch.int16))
    sums, rule = (c_double * 2)(), _rule(choice)
    library().gp_lengths(
        given.base, given.base_format, c_void_p(given.sources[0]), given.formats[0], ctypes.byref(rule), c_int64(size), sums
    )  # fmt: skip
    return sums[0], sums[1], choice


def _rule(choice: Choice) -> _Choice:
    if isinstance(choice, Cuts):
        lower, upper = choice.lower, choice.upper
        everything = lower == EVERYTHING and upper == NOTHING
        return _Choice(0, lower.bits, upper.bits, everything, lower.last, upper.last, 0, 0, 0, None)
    if not isinstance(choice, Drawn):
        raise TypeError(f"{choice} is neither a cut nor a draw.")
    drawn = None if choice.drawn is None else choice.drawn.data_ptr()
    return _Choice(1, 0, 0, choice.limit >= ALWAYS, 0, 0, choice.limit, *choice.key, drawn)

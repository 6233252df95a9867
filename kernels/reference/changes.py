"""What each source changed in the base, thinned out, weighted, perhaps put to a vote, and added: the task arithmetic family."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from kernels.choices import Choice, Cut, Cuts, Ranked
from kernels.late import torch
from kernels.raw import Array
from kernels.reference.election import elect
from kernels.reference.philox import words

# Beyond so many sources their pairs are left out: they grow with the square of the number.
MOST_PAIRED = 16


class Sums(NamedTuple):
    """Σ τ_i², Σ τ_i·m and Σ m² to about six digits, m = λ·Σ …; `bad` how many entries of the result are infinite or no numbers."""

    squares: list[float]
    products: list[float]
    square: float
    bad: int


class Looked(NamedTuple):
    """How sources stand to each other, counted over `seen` of the entries.

    `squares` Σ τ_i² and `products` Σ τ_i·τ_j of the pairs (0, 1), (0, 2), …, (1, 2), …; empty beyond `MOST_PAIRED` sources, and
    without pairs. `changed` how many τ_i are not zero, `against` how many of them the merged change goes against; `shared` where
    at least two sources change an entry, `conflicts` where they differ in sign; `moved` merged changes that are not zero, `lost`
    those whose stored result has the pattern of the stored base.
    """

    seen: int
    squares: list[float]
    products: list[float]
    changed: list[int]
    against: list[int]
    shared: int
    conflicts: int
    moved: int
    lost: int


class Changed(NamedTuple):
    """`result` `[n]`; `kept` how many entries of each source stayed; `agreed` (source, entry) pairs that won the vote; `merged` float32 `[n]` before the base was added, where asked for; `sums` and `looked` from who takes them on the way."""

    result: Array
    kept: list[int]
    agreed: int
    merged: torch.Tensor | None
    sums: Sums | None = None
    looked: Looked | None = None


def changes(
    base: torch.Tensor | None, sources: Sequence[torch.Tensor], choices: Sequence[Choice], *,
    weights: Sequence[float], factors: Sequence[float], scale: float, dtype: torch.dtype, vote: bool = False,
    divisor: float = 1.0, normalize: bool = False, raw: bool = False, count: bool = False, merged: bool = False,
) -> Changed:  # fmt: skip
    """The fused map of TIES, DARE, DELLA, breadcrumbs and plain task arithmetic.

    τ_i = θ_i − b;  δ_i = f_i·kept_i(τ_i)
    without a vote:  m = Σ w_i·δ_i / divisor
    with a vote:     m as `elect` has it, of δ_i and w_i, with `normalize`, `raw` and `count`
    result = b + λ·m, rounded to `dtype` once.

    Args:
        base: `[n]`, or None: then the sources are what is added up, and nothing is added to.
        sources: n ≥ 1 of `[n]`, any floating format and any stride; computed with in float32.
        choices: for each source which entries stay; all of one mode.
        weights, factors: w_i and f_i. scale: λ.
        dtype: of the result.
        merged: give λ·m as well.

    Raises:
        ValueError: choices of more than one mode, or not one for each source.

    Cost: reads (n + 1)·N entries and writes N when fused; here about three float32 tensors for each source.
    Determinism: products and sums are separate roundings in the order of the sources, on every device.
    """
    one_mode(choices, sources)
    wide = None if base is None else base.float()
    deltas = [source.float() if wide is None else source.float() - wide for source in sources]
    found = [kept(choice, delta) for choice, delta in zip(choices, deltas, strict=True)]
    values = [value * factor for (value, _), factor in zip(found, factors, strict=True)]
    out = torch.empty_like(values[0])
    agreed = 0.0
    if vote:
        scratch = [torch.empty_like(out) for _ in range(3)]
        _, agreed = elect(values, weights, normalize=normalize, out=out, scratch=scratch, raw=raw, count=count)
    else:
        torch.mul(values[0], weights[0], out=out)
        for value, weight in zip(values[1:], weights[1:], strict=True):
            out.add_(value * weight)
        if divisor != 1.0:
            out.div_(torch.tensor(divisor, dtype=out.dtype, device=out.device))
    out.mul_(scale)
    result = out if wide is None else wide + out
    return Changed(
        result.to(dtype, copy=True), [int(keep.count_nonzero()) for _, keep in found], int(agreed), out if merged else None
    )  # fmt: skip


def kept(choice: Choice, delta: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """The entries that stay, the others zero, and which these are.

    Args:
        delta: float32 `[n]`, the whole tensor: places are counted from its beginning.

    Returns:
        float32 `[n]` and bool `[n]`. What is drawn by lot is multiplied by zero or one, so that entries that are no numbers show.
    """
    if isinstance(choice, Cuts):
        bits = magnitudes(delta)
        stays = above(choice.lower, bits) & ~above(choice.upper, bits)
        return torch.where(stays, delta, 0.0), stays
    drawn = words(choice.key, 0, delta.numel(), device=delta.device)
    if isinstance(choice, Ranked):
        ranks = choice.ranks.long()
        stays = drawn < choice.limits[ranks]
        return delta * stays * choice.factors[ranks], stays
    stays = drawn < choice.limit
    return delta * stays, stays


def magnitudes(delta: torch.Tensor) -> torch.Tensor:
    """The pattern of |x| as int32: in the order of the magnitudes, what is not a number above infinity."""
    return delta.contiguous().view(torch.int32) & 0x7FFFFFFF


def above(cut: Cut, bits: torch.Tensor) -> torch.Tensor:
    places = torch.arange(bits.numel(), device=bits.device)
    return (bits > cut.bits) | ((bits == cut.bits) & (places <= cut.last))


def one_mode(choices: Sequence[Choice], sources: Sequence[Array]) -> str:
    modes = {choice.mode for choice in choices}
    if len(modes) != 1 or len(choices) != len(sources):
        raise ValueError(
            f"{len(sources)} sources need as many choices of one kind, not {len(choices)} of {len(modes)}."
        )
    return modes.pop()

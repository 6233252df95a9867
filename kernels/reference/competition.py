"""PCB-Merging's passes: clamp by magnitude, let parameters compete, share by score."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import torch

BINS = 1 << 16
SIGN = 1 << 31
SMALLEST = 1e-12

Bounds = Sequence[tuple[float, float]]


class Shared(NamedTuple):
    """`result` `[n]`; `kept` how many scores of each source are not zero; `merged` float32 `[n]` before the base was added, where asked for."""

    result: torch.Tensor
    kept: list[int]
    merged: torch.Tensor | None


def competition_counts(
    base: torch.Tensor | None, sources: Sequence[torch.Tensor], bounds: Bounds | None = None,
    uppers: Sequence[Sequence[int]] | None = None,
) -> torch.Tensor:  # fmt: skip
    """A histogram of |τ_i|, or (with `bounds`) of P_i, for each source: what order statistics are found from.

    A float32 pattern with its sign bit turned (all bits, where it is negative) is an unsigned number in the order of the values.

    Args:
        base, sources: as in `share_out`.
        bounds: the clamp (low, high) of each source's magnitudes; None counts the magnitudes themselves.
        uppers: None counts the upper 16 bits; else for each source the upper bits of the bins whose lower 16 bits are counted.

    Returns:
        int64 `[sources, 65536]`, or `[sources, bins, 65536]`. Values that are not finite are left out.

    Determinism: counts are whole numbers.
    """
    counts = []
    for index, values in enumerate(_values(base, sources, bounds)):
        keys = _keys(values)
        if uppers is None:
            counts.append(torch.bincount(keys >> 16, minlength=BINS))
        else:
            counts.append(torch.stack([_lower(keys, upper) for upper in uppers[index]]))
    return torch.stack(counts)


def share_out(
    base: torch.Tensor | None, sources: Sequence[torch.Tensor], bounds: Bounds, scores: Bounds, *,
    weights: Sequence[float], scale: float, dtype: torch.dtype, merged: bool = False,
) -> Shared:  # fmt: skip
    """The last pass of PCB-Merging: every entry is the mean of the clamped changes, weighted by what they won.

    a_i = |τ_i| clamped to its bounds;  P_i = exp(n·(minmax(a_i)² − 1))·tanh(τ_i·Σ_j τ_j), in float32;
    S_i = minmax of P_i clipped to its scores, or [P_i ≥ highest] where these are one;
    result = b + λ·Σ w_i·sign(τ_i)·a_i·S_i / max(Σ S_i, 1e-12).

    Source: Du et al. 2024, arXiv:2410.02396, section 3.2; see `workers.engine.merge.pcb` for what deviates.

    Args:
        base: `[n]` or None. sources: n ≥ 1 of `[n]`, any floating format and stride; computed with in float32.
        bounds: (low, high) of each source's magnitudes. scores: (lowest, highest) of each source's P.
        weights: w_i. scale: λ. dtype: of the result.
        merged: give what is added to the base as well.

    Cost: reads (n + 1)·N entries and writes N when fused.
    Determinism: sums run in the order of the sources. exp and tanh are good to a few units in the last place, so that devices
        differ there.
    """
    deltas = _deltas(base, sources)
    total, won = torch.zeros_like(deltas[0]), torch.zeros_like(deltas[0])
    kept = []
    competing = zip(_competitions(deltas, bounds), bounds, scores, weights, strict=True)
    for (clamped, values), _, (lowest, highest), weight in competing:
        score = share(values, lowest, highest)
        kept.append(int(score.count_nonzero()))
        won.add_(score)
        total.add_(score * clamped * weight)
    total.div_(won.clamp_(min=SMALLEST)).mul_(scale)
    result = total if base is None else base.float() + total
    return Shared(result.to(dtype, copy=True), kept, total if merged else None)


def share(values: torch.Tensor, lowest: float, highest: float) -> torch.Tensor:
    """minmax of the values clipped to [lowest, highest]; where these are one, 1 from there on and 0 below."""
    if highest > lowest:
        # The divisor as a tensor: a device may turn division by a number into a product.
        width = torch.tensor(highest - lowest, dtype=values.dtype, device=values.device)
        return values.clamp(lowest, highest).sub_(lowest).div_(width)
    return (values >= highest).to(values.dtype)


def _deltas(base: torch.Tensor | None, sources: Sequence[torch.Tensor]) -> list[torch.Tensor]:
    return [source.float() if base is None else source.float() - base.float() for source in sources]


def _values(
    base: torch.Tensor | None, sources: Sequence[torch.Tensor], bounds: Bounds | None
) -> Iterator[torch.Tensor]:
    deltas = _deltas(base, sources)
    if bounds is None:
        return (delta.abs() for delta in deltas)
    return (values for _, values in _competitions(deltas, bounds))


def _competitions(deltas: Sequence[torch.Tensor], bounds: Bounds) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
    """(τ'_i, P_i), source by source."""
    total = deltas[0].clone()
    for delta in deltas[1:]:
        total.add_(delta)
    for delta, (low, high) in zip(deltas, bounds, strict=True):
        clamped = delta.abs().clamp_(low, high)
        within = share(clamped, low, high).square_().sub_(1.0).mul_(len(deltas)).exp_()
        yield clamped * delta.sign(), within.mul_(torch.tanh(delta * total))


def _keys(values: torch.Tensor) -> torch.Tensor:
    bits = values[values.isfinite()].contiguous().view(torch.int32).long() & 0xFFFFFFFF
    return torch.where(bits >= SIGN, bits ^ 0xFFFFFFFF, bits ^ SIGN)


def _lower(keys: torch.Tensor, upper: int) -> torch.Tensor:
    return torch.bincount(keys[keys >> 16 == upper] & (BINS - 1), minlength=BINS)

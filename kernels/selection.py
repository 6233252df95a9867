"""The exact cut that keeps the k largest magnitudes, from two histograms and the place of a tie, and how much a choice leaves; on any device."""

from __future__ import annotations

import numpy as np

from kernels.choices import BELOW_ALL, EVERYTHING, INFINITE, Choice, Cut, Cuts
from kernels.dispatch import kernel
from kernels.late import torch
from kernels.raw import Array
from kernels.reference.gram import kept_sums
from kernels.reference.selection import LOWER_BITS


def cut_of(base: torch.Tensor | None, source: torch.Tensor, keep: int) -> Cut:
    """Keeps the `keep` largest of |θ − b|, lowest flat index first among equals.

    Args:
        base: `[n]`, or None for |θ| itself. source: `[n]` on the same device; differences are taken in float32.
        keep: k in [1, n].

    Returns:
        The cut; `EVERYTHING` where k is n, and where the k-th magnitude is zero or not a number: what would be dropped is zero
        anyway, or nothing can be compared.

    Cost: two passes over base and source, a third where ties are shared out.
    Determinism: counts are whole numbers; the answer is exact on every device.
    """
    size = source.numel()
    if keep >= size:
        return EVERYTHING
    counts = kernel("magnitude_counts", source.device)
    upper, rest = from_above(counts(base, source), keep)
    within = counts(base, source, upper)
    lower, ties = from_above(within, rest)
    bits = upper << LOWER_BITS | lower
    if bits == 0 or bits > INFINITE:
        return EVERYTHING
    if ties == int(within[lower]):
        return Cut(bits, size)
    return Cut(bits, kernel("place_of", source.device)(base, source, bits, ties))


def cut_at(base: Array | None, source: Array, value: float, ties: int) -> Cut:
    """Keeps what is larger than a known magnitude, and the first `ties` entries equal to it, or as many as there are."""
    if value != value:
        return EVERYTHING
    bits = int(np.float32(value).view(np.int32))
    if bits == 0:
        return Cut(0, BELOW_ALL)
    if ties >= source.numel():
        return Cut(bits, source.numel())
    return Cut(bits, kernel("place_of", source.device)(base, source, bits, ties))


def lengths(base: torch.Tensor | None, source: torch.Tensor, choice: Choice) -> tuple[float, float, Choice]:
    """Σ|τ| and Σ|what stays of τ| of one source, in float64, and the choice, which may come to remember its draws.

    Determinism: on a GPU, sums within a chunk are added in an order of its own.
    """
    alone = {"weights": [1.0], "factors": [1.0], "scale": 1.0, "dtype": torch.float32}
    whole, thinned = (
        kernel("changes", source.device)(base, [source], [kind], **alone, merged=True).merged
        for kind in (Cuts(), choice)
    )
    before, after = kept_sums(whole, thinned)
    return before, after, choice


def from_above(counts: torch.Tensor, wanted: int) -> tuple[int, int]:
    """The bin in which the `wanted`-th largest lies, and how many of that bin are among the `wanted` largest."""
    above = counts.flip(0).cumsum(0)
    place = int(torch.searchsorted(above, wanted))
    return len(counts) - 1 - place, wanted - (int(above[place - 1]) if place else 0)

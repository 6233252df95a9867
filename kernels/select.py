"""Exact selection of the k largest magnitudes without sorting, and the trim that follows from it. CPU."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from kernels.late import torch

Bits = npt.NDArray[np.signedinteger]
Count = Callable[[np.signedinteger, np.signedinteger], tuple[int, Bits, int]]

_SAMPLE = 1 << 15


@dataclass(frozen=True)
class Threshold:
    """Keep every entry whose magnitude is above `value`, and of the `ties` entries equal to it the first `kept_ties`."""

    value: float
    kept: int
    ties: int
    kept_ties: int


def count_of(density: float, elements: int) -> int:
    """How many of `elements` entries a density keeps: ⌊density·elements⌋, at least one, at most all of them."""
    return min(max(1, int(density * elements)), elements)


def magnitude_bits(values: torch.Tensor, out: torch.Tensor) -> torch.Tensor:
    """The bit pattern of |x| as a signed integer: ordered as the magnitudes are, with NaN above infinity.

    Args:
        values: float32 or float64 `[n]`.
        out: int32 or int64 `[n]`, receives the result.
    """
    return torch.bitwise_and(values.view(out.dtype), torch.iinfo(out.dtype).max, out=out)


def threshold(visit: Callable[[], Iterable[Bits]], sample: Bits, size: int, keep: int) -> Threshold:
    """The magnitude at which exactly `keep` entries stay, lowest flat index first among equals.

    Args:
        visit: gives the magnitudes of all entries as bit patterns, in stretches; called once, rarely twice. A stretch is
            done with before the next is asked for.
        sample: some of the magnitudes, from all over the tensor. It decides the speed and never the answer.
        size: the number of entries n.
        keep: k in [1, n].

    Returns:
        The k-th largest magnitude and how many of its ties are kept.

    Source: Floyd and Rivest 1975, "Expected time bounds for selection": a sample brackets the answer, one pass counts what
        is above and collects what is inside, and those few are sorted.

    Cost: about 3 % of n, more when the sample misled; one pass, rarely two.
    Determinism: the answer is exact.
    """
    return threshold_by(lambda low, high: _count(visit(), low, high), sample, size, keep)


def threshold_by(count: Count, sample: Bits, size: int, keep: int) -> Threshold:
    """`threshold`, for who counts in a way of its own.

    Args:
        count: given low and high, says how many magnitudes are above `high`, which are in (low, high], and how many equal `low`.
    """
    low, high = _bracket(sample, size, keep)
    for _ in range(2):
        above, inside, at_low = count(low, high)
        rank = keep - above
        if rank < 1:
            low, high = high, sample.dtype.type(np.iinfo(sample.dtype).max)
        elif rank <= inside.size:
            return _among(inside, rank, keep)
        elif rank <= inside.size + at_low:
            return Threshold(_float_of(low), keep, at_low, rank - inside.size)
        else:
            low, high = sample.dtype.type(0), low
    raise AssertionError("the second bracket holds everything on its side of the first")


def sample_stride(size: int) -> int:
    """Every how many entries to sample. Odd, so that it falls into no column of a matrix whose width is a power of two."""
    return (size // _SAMPLE) | 1


def _bracket(sample: Bits, size: int, keep: int) -> tuple[np.signedinteger, np.signedinteger]:
    """A range (low, high] that holds the k-th largest unless the sample is unlike the whole."""
    ordered = np.sort(sample)
    expected = (1 - keep / size) * ordered.size
    # Six standard deviations of the sample's rank of the k-th largest.
    spread = 3 * ordered.size**0.5 + 2
    low, high = int(expected - spread), int(expected + spread)
    largest = np.iinfo(sample.dtype).max
    return (
        ordered[low] if low > 0 else sample.dtype.type(0),
        ordered[high] if high < ordered.size else sample.dtype.type(largest),
    )


def _count(stretches: Iterable[Bits], low: np.signedinteger, high: np.signedinteger) -> tuple[int, Bits, int]:
    """How many are above `high`, a copy of those in (low, high], and how many equal `low`: mass points are not copied."""
    above = at_low = 0
    inside = []
    unsigned = np.dtype(f"u{low.dtype.itemsize}")
    span = unsigned.type(int(high) - int(low))
    for values in stretches:
        above += int(np.count_nonzero(values > high))
        at_low += int(np.count_nonzero(values == low))
        if span:
            # One comparison for both ends: what is at or below `low` wraps around to a large number.
            inside.append(values[(values - (low + low.dtype.type(1))).view(unsigned) < span])
    return above, np.concatenate(inside) if inside else np.empty(0, low.dtype), at_low


def _among(inside: Bits, rank: int, keep: int) -> Threshold:
    # Sixteen-bit weights differ by few amounts, and introselect takes five times as long as sorting where many are equal.
    inside.sort()
    value = inside[inside.size - rank]
    first, last = np.searchsorted(inside, value, "left"), np.searchsorted(inside, value, "right")
    return Threshold(_float_of(value), keep, int(last - first), rank - int(inside.size - last))


def _float_of(value: np.signedinteger) -> float:
    """The magnitude with this pattern, of the float format as wide."""
    return float(value.view(np.dtype(f"f{value.itemsize}")))


class Trimmer:
    """Applies one threshold to a tensor that is visited in stretches from first to last.

    Determinism: among entries equal to the threshold the lowest flat indices stay, whatever the lengths of the stretches.
    """

    def __init__(self, limit: Threshold) -> None:
        self._limit = limit
        self._left = limit.kept_ties
        self._unseen = limit.ties

    def trim(self, values: torch.Tensor, out: torch.Tensor) -> torch.Tensor:
        """Writes the next stretch to `out` with dropped entries set to zero; returns `values` itself when all is kept."""
        limit = self._limit
        if limit.value == 0.0 or limit.value != limit.value:
            # Magnitude zero: what would be dropped is zero anyway. NaN: nothing is comparable; it shows in the findings.
            return values
        strict = torch.tensor(limit.value, dtype=values.dtype)
        if self._left == 0:
            torch.ops.aten.hardshrink.out(values, strict.item(), out=out)
            return out
        below = torch.nextafter(strict, torch.zeros_like(strict)).item()
        torch.ops.aten.hardshrink.out(values, below, out=out)
        if self._left < self._unseen:
            self._drop_late_ties(out, limit.value)
        return out

    def _drop_late_ties(self, out: torch.Tensor, value: float) -> None:
        flat = out.numpy()
        ties = np.flatnonzero(np.abs(flat) == value)
        flat[ties[self._left :]] = 0
        self._left -= min(self._left, ties.size)
        self._unseen -= ties.size

"""Exact selection of the k largest magnitudes without sorting, and the trim that follows from it. CPU."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch

Bits = npt.NDArray[np.signedinteger]

_SAMPLE = 1 << 14
_SMALL = 1 << 17
_INT = {torch.float32: torch.int32, torch.float64: torch.int64}


@dataclass(frozen=True)
class Threshold:
    """Keep every entry whose magnitude is above `value`, and of the `ties` entries equal to it the first `kept_ties`."""

    value: float
    kept: int
    ties: int
    kept_ties: int

    @property
    def keeps_all(self) -> bool:
        return self.value == 0.0 and self.ties == self.kept_ties


def count_of(density: float, elements: int) -> int:
    """How many of `elements` entries a density keeps: ⌊density·elements⌋, at least one, at most all of them."""
    return min(max(1, int(density * elements)), elements)


def magnitude_bits(values: torch.Tensor, out: torch.Tensor) -> torch.Tensor:
    """The bit pattern of |x| as a signed integer: ordered as the magnitudes are, with NaN above infinity.

    Args:
        values: float32 or float64 `[n]`.
        out: int32 or int64 `[n]`, receives the result.
    """
    integer = _INT[values.dtype]
    return torch.bitwise_and(values.view(integer), torch.iinfo(integer).max, out=out)


def threshold(bits: torch.Tensor, keep: int, dtype: torch.dtype) -> Threshold:
    """The magnitude at which exactly `keep` entries stay, lowest flat index first among equals.

    Args:
        bits: int32 or int64 `[n]`, from `magnitude_bits`; left as it is.
        keep: k in [1, n].
        dtype: the float format the bits are of.

    Returns:
        The k-th largest magnitude and how many of its ties are kept.

    Source: Floyd and Rivest 1975, "Expected time bounds for selection": a sample brackets the answer, one pass counts, and
        only the few entries inside the bracket are selected from. A bracket that misses falls back to introselect over all.

    Cost: about 2 % of `bits` extra; three streaming passes.
    Determinism: the answer is exact, so it does not depend on the sample.
    """
    values: Bits = bits.numpy()
    above, inside = _bracket(values, keep)
    rank = keep - above
    place = inside.size - rank
    inside.partition(place)
    value = inside[place]
    larger = int(np.count_nonzero(inside[place:] > value))
    ties = int(np.count_nonzero(inside == value))
    return Threshold(_float_of(value, dtype), keep, ties, rank - larger)


def _bracket(values: Bits, keep: int) -> tuple[int, Bits]:
    """A copy of all entries in a range that holds the k-th largest, and the number of entries above that range."""
    if values.size <= _SMALL:
        return 0, values.copy()
    sample = np.sort(values[:: values.size // _SAMPLE])
    # Six standard deviations of the rank of the k-th largest in the sample.
    expected = (1 - keep / values.size) * sample.size
    spread = 3 * sample.size**0.5 + 2
    low = sample[max(0, int(expected - spread))] if expected > spread else values.dtype.type(0)
    high = (
        sample[min(sample.size - 1, int(expected + spread))]
        if expected + spread < sample.size - 1
        else np.iinfo(values.dtype).max
    )
    above = int(np.count_nonzero(values > high))
    inside = values[(values >= low) & (values <= high)]
    if above < keep <= above + inside.size:
        return above, inside
    return 0, values.copy()


def _float_of(value: np.signedinteger, dtype: torch.dtype) -> float:
    return float(torch.tensor(int(value), dtype=_INT[dtype]).view(dtype).item())


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
            return torch.ops.aten.hardshrink.out(values, strict.item(), out=out)
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

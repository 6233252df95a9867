"""Keepers: which of one source's changes stay, walked from the first entry to the last.

A keeper sets what is dropped to zero, stretch by stretch. It rescales nothing, except where every entry has its own factor (see
`mag_prune`).
"""

from __future__ import annotations

from typing import Protocol

import numpy as np
import numpy.typing as npt

from kernels.dispatch import kernel
from kernels.late import torch
from kernels.reference.philox import Key
from kernels.select import Threshold, Trimmer


class Keeper(Protocol):
    """`count` is how many entries were kept on the last walk; `inverse` makes good for what was dropped by lot, 1/d.

    One that `keeps_all` leaves every stretch as it is.
    """

    count: int
    keeps_all: bool
    inverse: float

    def restart(self) -> None: ...

    def take(self, delta: torch.Tensor, start: int, out: torch.Tensor) -> torch.Tensor:
        """The kept entries of a stretch that begins at flat index `start`: in `out`, or `delta` itself where all are kept."""
        ...


class Everything:
    keeps_all = True
    inverse = 1.0

    def __init__(self, size: int) -> None:
        self.count = size

    def restart(self) -> None:
        pass

    def take(self, delta: torch.Tensor, start: int, out: torch.Tensor) -> torch.Tensor:
        return delta


class Largest:
    """Entries above a threshold, and the first of those equal to it. With `outliers`, without those that are larger still."""

    keeps_all = False
    inverse = 1.0

    def __init__(self, limit: Threshold, outliers: Threshold | None = None) -> None:
        self._limits = (limit, outliers)
        self.count = limit.kept - (outliers.kept if outliers is not None else 0)
        self.restart()

    def restart(self) -> None:
        limit, outliers = self._limits
        self._trimmer = Trimmer(limit)
        self._outliers = Trimmer(outliers) if outliers is not None else None

    def take(self, delta: torch.Tensor, start: int, out: torch.Tensor) -> torch.Tensor:
        kept = self._trimmer.trim(delta, out)
        if self._outliers is None:
            return kept
        # Both thresholds break ties alike, so that the outliers are among the kept.
        larger = self._outliers.trim(delta, torch.empty_like(delta))
        return torch.where(larger == 0, kept, 0.0)


class Above:
    """Entries above the threshold, and the first few equal to it. float64 changes are compared as they round to float32."""

    keeps_all = False
    inverse = 1.0

    def __init__(self, value: float, share: int) -> None:
        # More ties than are kept may follow here; how many there are does not matter.
        self._limit = Threshold(value, 0, share + 1, share)
        self.restart()

    def restart(self) -> None:
        self._trimmer, self.count = Trimmer(self._limit), 0

    def take(self, delta: torch.Tensor, start: int, out: torch.Tensor) -> torch.Tensor:
        if delta.dtype == torch.float32:
            kept = self._trimmer.trim(delta, out)
        else:
            narrow = delta.float()
            kept = torch.mul(delta, self._trimmer.trim(narrow, torch.empty_like(narrow)) != 0, out=out)
        self.count += int(kept.count_nonzero())
        return kept


class Nothing(Everything):
    keeps_all = False

    def __init__(self) -> None:
        super().__init__(0)

    def take(self, delta: torch.Tensor, start: int, out: torch.Tensor) -> torch.Tensor:
        return out.zero_()


class Drawn:
    """Every entry stays with the same probability, by a draw that belongs to its flat index.

    One that is walked twice remembers its draws as bits, which is an order of magnitude faster than drawing them again.
    """

    keeps_all = False

    def __init__(self, key: Key, probability: float, *, twice: bool = False) -> None:
        self._key, self._probability, self._draw = key, probability, kernel("bernoulli")
        self._drawn: dict[tuple[int, int], npt.NDArray[np.uint8]] | None = {} if twice else None
        self.inverse = 1.0 / probability
        self.count = 0

    def restart(self) -> None:
        self.count = 0

    def take(self, delta: torch.Tensor, start: int, out: torch.Tensor) -> torch.Tensor:
        mask = self._mask(start, delta.numel())
        self.count += int(np.count_nonzero(mask))
        # Zeros and ones in the format of the changes first: a product of two formats takes five times as long.
        return out.copy_(torch.from_numpy(mask)).mul_(delta)

    def _mask(self, start: int, count: int) -> npt.NDArray[np.bool_]:
        drawn = self._drawn
        if drawn is not None and (start, count) in drawn:
            return np.unpackbits(drawn[start, count], count=count).view(np.bool_)
        mask: npt.NDArray[np.bool_] = self._draw(self._key, self._probability, start, count).numpy()
        if drawn is not None:
            drawn[start, count] = np.packbits(mask)
        return mask

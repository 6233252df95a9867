"""Which of a source's changes stay, as plain numbers that every implementation of the fused map understands."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np
import numpy.typing as npt

from kernels.late import torch

Mode = Literal["cut", "drawn", "ranked"]

# No magnitude's pattern is below or above these.
BELOW_ALL, ABOVE_ALL = -1, 0x7FFFFFFF
# The pattern of infinity: above it there is only what is not a number.
INFINITE = 0x7F800000
# One more than the largest draw.
ALWAYS = 1 << 32


class Cut(NamedTuple):
    """Above it are entries whose magnitude's float32 pattern is above `bits`, and those equal to it up to flat index `last`."""

    bits: int
    last: int


EVERYTHING, NOTHING = Cut(BELOW_ALL, -1), Cut(ABOVE_ALL, -1)


@dataclass(frozen=True)
class Cuts:
    """Entries above `lower` and not above `upper` stay."""

    lower: Cut = EVERYTHING
    upper: Cut = NOTHING
    mode: Mode = "cut"


@dataclass(frozen=True)
class Drawn:
    """Entry e stays where draw e of the stream of `key` is below `limit`, that is round(p·2^32).

    `drawn` remembers which do, a bit for each, for who made it (`kernels.compiled`); nobody else looks at it.
    """

    key: tuple[int, int]
    limit: int
    drawn: npt.NDArray[np.uint16] | None = None
    mode: Mode = "drawn"


@dataclass(frozen=True)
class Ranked:
    """Entry e of rank r stays where its draw is below `limits[r]`, and is multiplied by `factors[r]`.

    `ranks` int32 `[n]` counts from 0 within each row of C entries; `limits` int64 `[C]` and `factors` float32 `[C]`.
    """

    key: tuple[int, int]
    ranks: torch.Tensor
    limits: torch.Tensor
    factors: torch.Tensor
    mode: Mode = "ranked"


Choice = Cuts | Drawn | Ranked

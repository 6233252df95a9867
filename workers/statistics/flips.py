"""FLIPS: which answers change between two models, old and new. Loads no arrays: counts in, shares out.

Source: Echterhoff et al. 2024 (MUSCLE), arXiv 2407.09435 (negative flips); Bansal et al. 2019, arXiv 1906.01148 (backward
trust and error compatibility); Roth et al. 2023, arXiv 2310.17653 (complementary knowledge).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from math import log2
from typing import TYPE_CHECKING, Any

from workers.statistics.interval import Interval, wilson_interval

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True)
class Flips:
    """Counts of examples: right in both, wrong then right (`gained`), right then wrong (`lost`), wrong in both.

    `changed_wrong`: of those wrong in both, how many with another answer; None where answers have no classes to compare.
    The identity `accuracy_new − accuracy_old = PFR − NFR` holds exactly in counts.
    """

    both_right: int
    gained: int
    lost: int
    both_wrong: int
    changed_wrong: int | None = None

    @property
    def n(self) -> int:
        return self.both_right + self.gained + self.lost + self.both_wrong

    @property
    def accuracy_old(self) -> float:
        return (self.both_right + self.lost) / self.n

    @property
    def accuracy_new(self) -> float:
        return (self.both_right + self.gained) / self.n

    @property
    def nfr(self) -> Interval:
        """Negative flip rate: lost / n. Seen from the new model it is ρ_pos of the old: what only the old one knows."""
        return wilson_interval(self.lost, self.n)

    @property
    def pfr(self) -> Interval:
        """Positive flip rate: gained / n. Seen from the old model it is ρ_pos of the new: what only the new one knows."""
        return wilson_interval(self.gained, self.n)

    @property
    def relative_nfr(self) -> float | None:
        """NFR / (1 − accuracy_new): the share of the new model's errors that the old one did not make. None without errors."""
        wrong = self.lost + self.both_wrong
        return self.lost / wrong if wrong else None

    @property
    def nfr_over_chance(self) -> float | None:
        """Relative NFR over the old accuracy: 1 when the new errors fall anywhere, below 1 when they spare what was right."""
        right = self.both_right + self.lost
        return self.relative_nfr / (right / self.n) if self.relative_nfr is not None and right else None

    @property
    def btc(self) -> Interval | None:
        """Backward trust compatibility: of what the old model got right, the share that the new one does too."""
        right = self.both_right + self.lost
        return wilson_interval(self.both_right, right) if right else None

    @property
    def bec(self) -> Interval | None:
        """Backward error compatibility: of the new model's errors, the share that the old one made too."""
        wrong = self.lost + self.both_wrong
        return wilson_interval(self.both_wrong, wrong) if wrong else None

    @property
    def inc(self) -> Interval | None:
        """Inconsistency while both are wrong: examples with another wrong answer, over all. People notice these too."""
        return None if self.changed_wrong is None else wilson_interval(self.changed_wrong, self.n)

    @property
    def oracle(self) -> Interval:
        """Share that at least one of the two gets right: no choice between their answers can do better."""
        return wilson_interval(self.n - self.both_wrong, self.n)

    @property
    def headroom(self) -> Interval:
        """Oracle minus the better of the two, min(gained, lost) / n: what an ensemble or a router of the two could win at most."""
        return wilson_interval(min(self.gained, self.lost), self.n)


def flips_of(
    old: NDArray[np.bool_], new: NDArray[np.bool_], answers: tuple[NDArray[Any], NDArray[Any]] | None = None
) -> Flips:
    """Counts over examples.

    Args:
        old, new: whether each model is right, bool `[n]`. answers: what each says `[n]`, where that can be compared.

    Raises:
        ValueError: there is no example.
    """
    if not len(old):
        raise ValueError("no examples")
    both_wrong = ~(old | new)
    changed = int((both_wrong & (answers[0] != answers[1])).sum()) if answers is not None else None
    return Flips(
        int((old & new).sum()), int((~old & new).sum()), int((old & ~new).sum()), int(both_wrong.sum()), changed
    )


def entropy_bits(counts: Iterable[int]) -> float:
    """Entropy of shares, `−Σ p log₂ p`: 0 when all gains lie in one class, log₂ K when they are spread over K alike."""
    kept = [count for count in counts if count]
    total = sum(kept)
    return abs(sum(count / total * log2(count / total) for count in kept))

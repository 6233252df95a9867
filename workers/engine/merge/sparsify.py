"""Which of a source's changes are kept: all, the largest, the middle ones, or drawn by lot. Shared by the task arithmetic family.

A keeper walks one source's change from the first entry to the last, stretch by stretch, and sets what is dropped to zero. It
rescales nothing, except where every entry has its own factor (see `mag_prune`).
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Protocol

import torch

from kernels.dispatch import kernel
from kernels.reference.philox import Key, key_of
from kernels.select import Bits, Threshold, Trimmer, count_of, magnitude_bits, sample_stride, threshold
from workers.engine.merge.step import MergeStep

INTEGERS = {torch.float32: torch.int32, torch.float64: torch.int64}


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


Sparsifier = Callable[[MergeStep], list[Keeper]]


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


class Nothing(Everything):
    keeps_all = False

    def __init__(self) -> None:
        super().__init__(0)

    def take(self, delta: torch.Tensor, start: int, out: torch.Tensor) -> torch.Tensor:
        return out.zero_()


class Drawn:
    """Every entry stays with the same probability, by a draw that belongs to its flat index."""

    keeps_all = False

    def __init__(self, key: Key, probability: float) -> None:
        self._key, self._probability, self._draw = key, probability, kernel("bernoulli")
        self.inverse = 1.0 / probability
        self.count = 0

    def restart(self) -> None:
        self.count = 0

    def take(self, delta: torch.Tensor, start: int, out: torch.Tensor) -> torch.Tensor:
        mask = self._draw(self._key, self._probability, start, delta.numel())
        self.count += int(mask.count_nonzero())
        return torch.mul(delta, mask, out=out)


def all_kept(step: MergeStep) -> list[Keeper]:
    return [Everything(step.elements) for _ in step.sources]


def magnitude(step: MergeStep) -> list[Keeper]:
    """The k_i = max(1, ⌊d_i·N⌋) largest entries of each source, lowest flat index first among equals."""
    size = step.elements
    counts = [count_of(density, size) if size else 0 for density in step.each("density")]
    limits = thresholds(step, [[count] if count < size else [] for count in counts])
    return [Largest(limit[0]) if limit else Everything(size) for limit in limits]


def magnitude_outliers(step: MergeStep) -> list[Keeper]:
    """⌊d_i·N⌋ entries of each source: the largest but for the ⌊γ_i·N⌋ outliers above them. Fewer outliers where d + γ > 1."""
    size = step.elements
    keeps = []
    for density, gamma in zip(step.each("density"), step.each("gamma"), strict=True):
        kept = min(size, int(density * size))
        outliers = min(int(gamma * size), size - kept)
        keeps.append([] if density >= 1 else [kept + outliers, outliers])
    # A count of nothing, or of everything, needs no selection.
    limits = thresholds(step, [[count for count in keep if 0 < count < size] for keep in keeps])
    keepers: list[Keeper] = []
    for keep, found in zip(keeps, limits, strict=True):
        if not keep:
            keepers.append(Everything(size))
        elif keep[0] == keep[1]:
            keepers.append(Nothing())
        else:
            upper = found[0] if keep[0] < size else Threshold(0.0, size, 0, 0)
            keepers.append(Largest(upper, found[-1] if keep[1] else None))
    return keepers


def random(step: MergeStep) -> list[Keeper]:
    """B ~ Bernoulli(d_i) for each entry; draws are Philox4x32-10 keyed by seed, tensor name and source."""
    keys = [key_of(step.seed, step.name, source) for source in step.source_ids]
    densities = step.each("density")
    return [
        Everything(step.elements) if density >= 1 else Drawn(key, density)
        for key, density in zip(keys, densities, strict=True)
    ]


def thresholds(step: MergeStep, counts: Sequence[Sequence[int]]) -> list[list[Threshold]]:
    """For each source the magnitudes at which so many of its entries stay. Exact, by selection; one pass for each count."""
    integer = INTEGERS[step.maths]
    bits, vector, scratch = step.buffer().to(integer), step.buffer(), step.buffer()
    found: list[list[Threshold]] = []
    for index, wanted in enumerate(counts):

        def magnitudes(index: int = index) -> Iterator[Bits]:
            for _, stretch in step.vectors(index, vector, scratch):
                yield magnitude_bits(stretch, bits[: stretch.numel()]).numpy()

        found.append([])
        if wanted:
            some = step.sample(index, sample_stride(step.elements))
            sampled = magnitude_bits(some, torch.empty(some.numel(), dtype=integer)).numpy()
            found[-1] += [threshold(magnitudes, sampled, step.elements, count, step.maths) for count in wanted]
    return found

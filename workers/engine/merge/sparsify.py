"""Which of a source's changes are kept: all, the largest, the middle ones, or drawn by lot. Shared by the task arithmetic family."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from kernels.late import torch
from kernels.reference.philox import key_of
from kernels.select import Bits, Threshold, count_of, magnitude_bits, sample_stride, threshold
from workers.engine.merge.keepers import Drawn, Everything, Keeper, Largest, Nothing
from workers.engine.merge.step import MergeStep

Sparsifier = Callable[[MergeStep], list[Keeper]]


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
        kept, outliers = kept_and_outliers(density, gamma, size)
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


def kept_and_outliers(density: float, gamma: float, size: int) -> tuple[int, int]:
    """How many entries stay, and how many larger ones do not."""
    kept = min(size, int(density * size))
    return kept, 0 if density >= 1 else min(int(gamma * size), size - kept)


def random(step: MergeStep) -> list[Keeper]:
    """B ~ Bernoulli(d_i) for each entry; draws are Philox4x32-10 keyed by seed, tensor name and source."""
    keys = [key_of(step.seed, step.name, source) for source in step.source_ids]
    densities = step.each("density")
    # The factor `l1` is known after one walk, and applied on another.
    twice = step.parameters.get("rescale") == "l1"
    return [
        Everything(step.elements) if density >= 1 else Drawn(key, density, twice=twice)
        for key, density in zip(keys, densities, strict=True)
    ]


def thresholds(step: MergeStep, counts: Sequence[Sequence[int]]) -> list[list[Threshold]]:
    """For each source the magnitudes at which so many of its entries stay. Exact, by selection; one pass for each count."""
    bits, vector, scratch = step.buffer().to(step.patterns), step.buffer(), step.buffer()
    found: list[list[Threshold]] = []
    for index, wanted in enumerate(counts):

        def magnitudes(index: int = index) -> Iterator[Bits]:
            for _, stretch in step.vectors(index, vector, scratch):
                yield magnitude_bits(stretch, bits[: stretch.numel()]).numpy()

        kept = _remembered(step, index, wanted)
        found.append([] if kept is None else kept)
        if wanted and kept is None:
            some = step.sample(index, sample_stride(step.elements))
            sampled = magnitude_bits(some, torch.empty(some.numel(), dtype=step.patterns)).numpy()
            found[-1] += [threshold(magnitudes, sampled, step.elements, count) for count in wanted]
            if step.remembered is not None:
                keys = [_key(step, index, count) for count in wanted]
                step.remembered.update(zip(keys, found[-1], strict=True))
    return found


def _remembered(step: MergeStep, index: int, counts: Sequence[int]) -> list[Threshold] | None:
    """What an earlier merge of the same models found, where it looked for all of these."""
    if step.remembered is None or not counts:
        return None
    keys = [_key(step, index, count) for count in counts]
    return [step.remembered[key] for key in keys] if all(key in step.remembered for key in keys) else None


def _key(step: MergeStep, index: int, count: int) -> tuple[object, ...]:
    return ("threshold", step.name, step.source_ids[index], count, step.maths, step.base is not None)

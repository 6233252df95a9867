"""The task arithmetic family by whole-tensor kernels, on the device where the step's tensors are: the bits of `changes`.

Where the walk in stretches has keepers, here each source has a choice: plain numbers that say which of its entries stay.
"""

from __future__ import annotations

from collections.abc import Callable

from kernels.choices import ALWAYS, EVERYTHING, Choice, Cut, Cuts, Drawn, Ranked
from kernels.dispatch import kernel
from kernels.late import torch
from kernels.raw import Array
from kernels.reference.philox import key_of
from kernels.select import count_of
from kernels.selection import cut_at
from workers.engine.merge import global_trim, mag_prune, sparsify
from workers.engine.merge.mapping import mapped
from workers.engine.merge.sparsify import Sparsifier
from workers.engine.merge.step import MergeStep
from workers.engine.merge.weighting import l1_factor, weight_sum

Choices = tuple[list[Choice], list[int | None]]


def merge_changes(step: MergeStep, sparsifier: Sparsifier, *, votes: bool) -> Array:
    """What `Changes(sparsifier, votes).merge(step)` gives, bit for bit but for `rescale: l1`, whose sums are added in another order.

    Cost: two passes over a source where it is thinned out by size, ranks of 4 bytes an entry where by rank; one pass over all
    for the rest. On a GPU one more for the measures, and the change in float32 beside the result.
    """
    parameters, weights = step.parameters, step.each("weight")
    choices, known = CHOICES[sparsifier](step)
    reduce = parameters.get("reduce", "weight")
    if not votes:
        options = {"divisor": weight_sum(step.name, weights) if parameters["normalize"] else 1.0}
    else:
        options = {
            "vote": True, "normalize": bool(parameters["normalize"]) and reduce != "sum",
            "raw": parameters.get("vote") == "raw", "count": reduce == "count",
        }  # fmt: skip
    changed = mapped(
        step, choices, weights=weights, factors=_factors(step, choices), scale=float(parameters["lambda"]), **options
    )  # fmt: skip
    if votes:
        step.measures.agreed = float(changed.agreed)
    if "density" in parameters:
        step.measures.kept = [
            found if count is None else count for count, found in zip(known, changed.kept, strict=True)
        ]
    return changed.result


def _all_kept(step: MergeStep) -> Choices:
    return [Cuts() for _ in step.source_ids], [step.elements] * len(step.source_ids)


def _magnitude(step: MergeStep) -> Choices:
    counts = [count_of(density, step.elements) if step.elements else 0 for density in step.each("density")]
    return [Cuts(_cut(step, index, count)) for index, count in enumerate(counts)], list(counts)


def _magnitude_outliers(step: MergeStep) -> Choices:
    choices: list[Choice] = []
    counts: list[int | None] = []
    for index, (density, gamma) in enumerate(zip(step.each("density"), step.each("gamma"), strict=True)):
        kept, outliers = sparsify.kept_and_outliers(density, gamma, step.elements)
        upper = _cut(step, index, outliers) if outliers else Cuts().upper
        choices.append(Cuts(_cut(step, index, kept + outliers) if kept else Cuts().upper, upper))
        counts.append(kept)
    return choices, counts


def _random(step: MergeStep) -> Choices:
    densities = step.each("density")
    limits = [ALWAYS if density >= 1 else round(density * ALWAYS) for density in densities]
    keys = [key_of(step.seed, step.name, source) for source in step.source_ids]
    return [Drawn(key, limit) for key, limit in zip(keys, limits, strict=True)], [None] * len(keys)


def _mag_prune(step: MergeStep) -> Choices:
    columns, choices = mag_prune.columns_of(step), list[Choice]()
    for index, (density, epsilon) in enumerate(zip(step.each("density"), step.each("epsilon"), strict=True)):
        key = key_of(step.seed, step.name, step.source_ids[index])
        if density >= 1:
            ranks = torch.zeros(step.elements, dtype=torch.int32, device=step.device)
            limits, factors = torch.tensor([ALWAYS]), torch.ones(1)
        else:
            limits, factors = mag_prune.limits_of(step, columns, density, epsilon)
            if step.parameters.get("rescale") != "inverse":
                factors = torch.ones_like(factors)
            ranks = kernel("row_ranks", step.device, size=columns)(step.base, step.sources[index], columns)
        choices.append(Ranked(key, ranks, limits.to(step.device), factors.to(step.device)))
    return choices, [None] * len(choices)


def _global_magnitude(step: MergeStep) -> Choices:
    base, sources = step.given
    shares = global_trim.shares(step)
    cuts = [cut_at(base, source, *share) for source, share in zip(sources, shares, strict=True)]
    return [Cuts(cut) for cut in cuts], [None] * len(cuts)


def is_whole(step: MergeStep, sparsifier: Sparsifier) -> bool:
    """Whether `merge_changes` is to make the step. Where ranks decide, a processor does better by a walk in stretches."""
    return step.fused or (step.compiled and sparsifier is not mag_prune.mag_prune)


CHOICES: dict[Sparsifier, Callable[[MergeStep], Choices]] = {
    sparsify.all_kept: _all_kept,
    sparsify.magnitude: _magnitude,
    sparsify.magnitude_outliers: _magnitude_outliers,
    sparsify.random: _random,
    mag_prune.mag_prune: _mag_prune,
    global_trim.global_magnitude: _global_magnitude,
}


def _cut(step: MergeStep, index: int, keep: int) -> Cut:
    if not step.elements:
        return EVERYTHING
    key = ("cut", step.name, step.source_ids[index], keep, step.raw_base is not None)
    remembered = {} if step.remembered is None else step.remembered
    if key not in remembered:
        base, sources = step.given
        remembered[key] = kernel("cut_of", step.device)(base, sources[index], keep)
    found: Cut = remembered[key]
    return found


def _factors(step: MergeStep, choices: list[Choice]) -> list[float]:
    """f_i of each source, as `rescale_factors` has them. Choices may come to remember their draws."""
    rescale = step.parameters.get("rescale", "none")
    if rescale == "none":
        return [1.0] * len(choices)
    if rescale == "inverse":
        drawn = zip(choices, step.parameters.get("density", ()), strict=False)
        return [1.0 / d if isinstance(choice, Drawn) and d < 1 else 1.0 for choice, d in drawn]
    factors = []
    base, sources = step.given
    for index, (source, choice) in enumerate(zip(sources, choices, strict=True)):
        before, after, choices[index] = kernel("lengths", step.device)(base, source, choice)
        factors.append(l1_factor(before, after))
    return factors

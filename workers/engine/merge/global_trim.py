"""Each source's largest changes over the whole model: one exact threshold for all tensors, as TIES was published.

The pattern of |τ| as float32 has 31 bits, in the order of the magnitudes. The first round counts the upper 16 bits of every
change, which tells the bin of the threshold; the second counts the lower 15 bits within that bin, which tells the threshold.
Where more changes are equal to it than may stay, a third round counts them for each tensor: they stay in the order of the
plan's tensors, and in a tensor the lowest flat indices first.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from kernels.dispatch import kernel
from kernels.late import torch
from kernels.reference.selection import LOWER, LOWER_BITS, UPPER
from kernels.select import Bits, count_of, magnitude_bits
from kernels.selection import from_above
from workers.engine.merge.keepers import Above, Keeper
from workers.engine.merge.rounds import Round, Tally
from workers.engine.merge.step import MergeStep


def global_magnitude(step: MergeStep) -> list[Keeper]:
    """The max(1, ⌊d_i·N_i⌋) largest of all N_i changes of each source, as `ROUNDS` found them."""
    return [Above(value, share) for value, share in shares(step)]


def shares(step: MergeStep) -> list[tuple[float, int]]:
    """For each source the threshold, and how many of this tensor's changes equal to it stay at most."""
    found = []
    for source in map(str, step.source_ids):
        value, ties = step.settled["trim"][source]
        share = step.settled.get("trim_ties", {}).get(source, {}).get(step.name, 0) if ties else step.elements
        found.append((value, share))
    return found


def _see_upper(step: MergeStep) -> Tally:
    tally: Tally = {}
    if not _is_global(step.parameters):
        return tally
    for index, density in enumerate(step.each("density")):
        source = step.source_ids[index]
        tally[f"count-{source}"] = _counts(step, index)
        tally[f"wanted-{source}"] = torch.tensor(density * step.elements, dtype=torch.float64)
        for bound in ("min", "max"):
            tally[f"{bound}_density-{source}"] = torch.tensor(density, dtype=torch.float64)
    return tally


def _settle_upper(tally: Tally, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """`trim_bins`: for each source the upper bits of the threshold, and how many changes of that bin stay."""
    found = {}
    for source in _sources(tally):
        counts = tally[f"count-{source}"]
        size, density = int(counts.sum()), tally[f"min_density-{source}"].item()
        if density != tally[f"max_density-{source}"].item():
            density = tally[f"wanted-{source}"].item() / max(1, size)
        found[source] = from_above(counts, count_of(density, size)) if size else (0, 0)
    return {"trim_bins": found}


def _see_lower(step: MergeStep) -> Tally:
    tally: Tally = {}
    if not _is_global(step.parameters):
        return tally
    for index, source in enumerate(step.source_ids):
        upper, _ = step.settled["trim_bins"][str(source)]
        tally[f"count-{source}"] = _counts(step, index, upper)
    return tally


def _settle_lower(tally: Tally, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """`trim`: for each source the threshold, and how many of the changes equal to it stay; 0 for all of them."""
    found = {}
    for source in _sources(tally):
        upper, wanted = parameters["trim_bins"][source]
        counts = tally[f"count-{source}"]
        lower, ties = from_above(counts, wanted)
        pattern = torch.tensor(upper << LOWER_BITS | lower, dtype=torch.int32)
        found[source] = (pattern.view(torch.float32).item(), 0 if ties == int(counts[lower]) else ties)
    return {"trim": found}


def _see_ties(step: MergeStep) -> Tally:
    tally: Tally = {}
    if not _is_global(step.parameters):
        return tally
    for index, source in enumerate(step.source_ids):
        value, ties = step.settled["trim"][str(source)]
        if ties:
            same = sum(int((stretch.float().abs() == value).count_nonzero()) for stretch in _stretches(step, index))
            tally[f"{source}/{step.name}"] = torch.tensor(same)
    return tally


def _settle_ties(tally: Tally, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """`trim_ties`: for each source how many of each tensor's changes equal to the threshold stay."""
    left = {source: ties for source, (_, ties) in parameters["trim"].items()}
    shares: dict[str, dict[str, int]] = {source: {} for source in left}
    for key, same in tally.items():
        source, _, name = key.partition("/")
        share = min(left[source], int(same))
        if share:
            shares[source][name] = share
            left[source] -= share
    return {"trim_ties": shares}


def _counts(step: MergeStep, index: int, upper: int | None = None) -> torch.Tensor:
    """How often each upper half occurs; with `upper`, each lower half of those whose upper half it is."""
    if step.fused:
        found: torch.Tensor = kernel("magnitude_counts", step.device)(step.base, step.sources[index], upper)
        return found.cpu()
    bins = UPPER if upper is None else LOWER
    total = np.zeros(bins, dtype=np.int64)
    for stretch in _stretches(step, index):
        narrow = stretch.float()
        bits: Bits = magnitude_bits(narrow, torch.empty(narrow.numel(), dtype=torch.int32)).numpy()
        upper_bits = bits >> LOWER_BITS
        total += np.bincount(upper_bits if upper is None else bits[upper_bits == upper] & (LOWER - 1), minlength=bins)
    return torch.from_numpy(total)


def _stretches(step: MergeStep, index: int) -> Iterator[torch.Tensor]:
    return (stretch for _, stretch in step.vectors(index, step.buffer(), step.buffer()))


def _sources(tally: Tally) -> list[str]:
    return [key.removeprefix("count-") for key in tally if key.startswith("count-")]


def _is_global(parameters: Mapping[str, Any]) -> bool:
    return parameters.get("scope") == "global"


def _has_ties(parameters: Mapping[str, Any]) -> bool:
    return _is_global(parameters) and any(ties for _, ties in parameters.get("trim", {}).values())


ROUNDS = (
    Round("trim-upper", _see_upper, _settle_upper, _is_global),
    Round("trim-lower", _see_lower, _settle_lower, _is_global),
    Round("trim-ties", _see_ties, _settle_ties, _has_ties),
)

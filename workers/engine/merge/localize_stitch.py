"""Localize-and-Stitch without data: each model's largest changes, put side by side."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import torch

from workers.engine.merge.order_statistics import order_statistics, settled_alone
from workers.engine.merge.step import MergeStep


def merge(step: MergeStep) -> torch.Tensor:
    """Stitches the regions in which each source changed most.

    M_i = [|τ_i| ≥ t_i], t_i the ⌊s·D⌋-th largest of |τ_i| over the source's whole change (`scope: global`) or over this tensor
    (`tensor`);  θ = b + λ·Σ (M_i / Σ_j M_j)·τ_i, where no M_i is 1: b.

    Source: He et al. 2024, "Localize-and-stitch: efficient model merging via sparse task arithmetic", arXiv:2408.13656,
        section 3.2 (dataless localization) and 3.3 (stitching). The overlap is counted over all masks, as the paper says;
        MergeBench's code counts that of the last pair. Deviations: λ is ours (1 is published); thresholds are of magnitudes
        rounded to float32; entries that are not finite have no rank; an unchanged entry is never in a mask.

    Args:
        step: a base and n ≥ 1 sources `[N]`. Parameters: `sparsity` (s, the kept share) in (0, 1], `lambda`, `scope`.

    Returns:
        `[N]` in the step's dtype.

    Cost: three passes, two of them over the whole model before the first tensor is made; a few MiB.
    Determinism: thresholds are exact, ties are all kept as published, sums run in recipe order.
    """
    scale = float(step.parameters["lambda"])
    settled = settled_alone(step, ROUNDS) if step.parameters["scope"] == "tensor" else step.settled
    limits = [settled["largest"].get(str(source), [0.0])[0] for source in step.source_ids]
    kept = [0] * len(limits)

    def change(deltas: Sequence[torch.Tensor], start: int) -> torch.Tensor:
        total, overlap = torch.zeros_like(deltas[0]), torch.zeros_like(deltas[0])
        for index, (delta, limit) in enumerate(zip(deltas, limits, strict=True)):
            mask = (delta.abs().to(torch.float32) >= limit).logical_and_(delta != 0)
            kept[index] += int(mask.count_nonzero())
            overlap.add_(mask)
            total.add_(torch.where(mask, delta, 0.0))
        return total.div_(overlap.clamp_(min=1.0)).mul_(scale)

    result = step.combine(change)
    step.measures.kept = list(kept)
    return result


def _visit(step: MergeStep) -> Iterator[tuple[str, torch.Tensor]]:
    vector, scratch = step.buffer(), step.buffer()
    for index, source in enumerate(step.source_ids):
        for _, stretch in step.vectors(index, vector, scratch):
            yield str(source), stretch.abs_()


def _ranks(parameters: Mapping[str, Any], size: int) -> list[int]:
    """Of the smallest magnitude that is kept, counted from the smallest of all; one is kept at least."""
    return [size - max(1, int(float(parameters["sparsity"]) * size))]


ROUNDS = order_statistics("largest", _visit, _ranks, lambda parameters: bool(parameters["scope"] == "global"))

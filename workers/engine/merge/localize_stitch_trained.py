"""Localize-and-Stitch, trained: each model's region is found by what its own loss says of every change, then regions are stitched."""

from collections.abc import Sequence
from typing import Any

import torch
from safetensors.torch import load_file

from workers.engine.merge.learning.keeping import is_kept, keep
from workers.engine.merge.learning.request import Learning
from workers.engine.merge.learning.student import Student, rows_drawn
from workers.engine.merge.step import MergeStep
from workers.engine.train.draws import derived_seed

BATCH = 16


def merge(step: MergeStep) -> torch.Tensor:
    """Puts each source's region side by side, averaging where regions overlap.

    θ = b + λ·Σ (M_i / Σ_j M_j)·τ_i, where no M_i is 1: b.  M_i = round(σ(S_i)), S_i trained (`learn`):
    S = +β in the top `sparsity` share of |τ_i| over the whole model, −β elsewhere; g = the gradient of the loss on source i's
    labelled examples at b + σ(S)·τ_i; then S ← S − η·g·τ_i·σ'(S) − l1·σ'(S).

    Source: He et al. 2024, "Localize-and-stitch: efficient model merging via sparse task arithmetic", arXiv:2408.13656,
        section 3.2, equation 3, and section 3.3; β = 3, η = 1e8, one pass and l1 = 0 as in MergeBench. Deviations: g is the mean
        over the examples; an unchanged entry is in no mask; λ is ours (1 is published).

    Args:
        step: a base and n ≥ 1 sources `[N]`. `learned["mask<i>"]` uint8 `[N]` of source i. Parameters: `lambda`.

    Returns:
        `[N]` in the step's dtype.

    Cost: one pass. Learning: base, one source, its gradient and its S in float32; one pass over its examples.
    Determinism: learning is equal bit by bit for equal device and number of threads.
    """
    scale = float(step.parameters["lambda"])
    masks = [step.learned[f"mask{source}"].flatten() for source in step.source_ids]
    kept = [0] * len(masks)

    def change(deltas: Sequence[torch.Tensor], start: int) -> torch.Tensor:
        total, overlap = torch.zeros_like(deltas[0]), torch.zeros_like(deltas[0])
        for index, (delta, mask) in enumerate(zip(deltas, masks, strict=True)):
            held = mask[start : start + delta.numel()].to(torch.bool)
            kept[index] += int(held.count_nonzero())
            overlap.add_(held)
            total.add_(torch.where(held, delta, 0.0))
        return total.div_(overlap.clamp_(min=1.0)).mul_(scale)

    result = step.combine(change)
    step.measures.kept = list(kept)
    return result


def learn(learning: Learning) -> dict[str, Any]:
    """`mask<i>/tensor` for every source, and the share of entries in each mask.

    Raises:
        UserError: the models cannot be run. Cancelled from the ports.
    """
    student = Student(learning)
    base = student.weights(None)
    for source in range(learning.sources):
        place = f"mask{source + learning.first_source}"
        if is_kept(learning.out, place):
            continue
        own = student.weights(source)
        changes = {name: own[name] - base[name] for name in own}
        scores = _start(changes, learning)
        gradients = _gradients(student, source, base, changes, scores)
        masks = {}
        for name, at in student.places.items():
            slope = scores[at].sigmoid() * (1 - scores[at].sigmoid())
            rate, l1 = float(learning.parameters["mask_rate"]), float(learning.parameters["l1"])
            score = scores[at] - rate * gradients[at] * changes[at] * slope - l1 * slope
            mask = (score > 0) & (changes[at] != 0)
            masks[f"{place}/{name}"] = mask.to(torch.uint8)
        keep(learning.out, place, masks)
    student.close()
    return {"kept": [_share(learning, source) for source in range(learning.sources)]}


def _share(learning: Learning, source: int) -> float:
    """Of the entries that source's mask holds."""
    masks = load_file(learning.out / f"mask{source + learning.first_source}.safetensors").values()
    held, size = sum(int(mask.count_nonzero()) for mask in masks), sum(int(mask.numel()) for mask in masks)
    return held / max(1, size)


def _start(changes: dict[str, torch.Tensor], learning: Learning) -> dict[str, torch.Tensor]:
    """+β for the largest share of |τ| over the whole model, ties included, −β for the rest."""
    sizes = torch.cat([change.abs().flatten() for change in changes.values()])
    count = max(1, int(float(learning.parameters["sparsity"]) * sizes.numel()))
    limit = sizes.kthvalue(sizes.numel() - count + 1).values
    beta = float(learning.parameters["bias"])
    return {name: torch.where(change.abs() >= limit, beta, -beta) for name, change in changes.items()}


def _gradients(
    student: Student, source: int, base: dict[str, torch.Tensor], changes: dict[str, torch.Tensor], scores: dict[str, torch.Tensor]
) -> dict[str, torch.Tensor]:  # fmt: skip
    """The mean gradient of the loss at b + σ(S)·τ over source's examples."""
    learning, batches = student.learning, student.batches(source)
    rows = rows_drawn(len(batches), int(learning.parameters["examples"]), seed=learning.seed, purpose=f"data/{source}")
    weights = {name: (base[name] + scores[name].sigmoid() * changes[name]).requires_grad_() for name in changes}
    sums = {name: torch.zeros_like(tensor, requires_grad=False) for name, tensor in weights.items()}
    units = 0
    for number, start in enumerate(range(0, len(rows), BATCH)):
        batch = batches.batch(rows[start : start + BATCH], seed=derived_seed(learning.seed, f"mask/{number}"))
        batch = batch.to(student.device)
        loss, _ = student.objective(student.run(weights, batch.inputs), batch)
        found = torch.autograd.grad(loss, list(weights.values()), allow_unused=True)
        for held, gradient in zip(sums.values(), found, strict=True):
            if gradient is not None:
                held.add_(gradient, alpha=batch.units)
        units += batch.units
        learning.told(
            start + BATCH, len(rows), "examples", f"Region of {learning.names[source + learning.first_source]}"
        )
    return {name: held / units for name, held in sums.items()}

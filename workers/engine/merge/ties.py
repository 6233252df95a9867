"""TIES: trim, elect sign, merge."""

from collections.abc import Iterator, Sequence

import torch

from kernels.dispatch import kernel
from kernels.select import Bits, Trimmer, count_of, magnitude_bits, sample_stride, threshold
from workers.engine.merge.step import MergeStep


def merge(step: MergeStep) -> torch.Tensor:
    """Keeps each source's largest changes, lets the weighted changes vote on each entry's sign, averages those that agree.

    δ_i = the k_i = max(1, ⌊d_i·N⌋) largest entries of τ_i = θ_i − b by magnitude, lowest flat index first among equals;
    v_i = w_i·δ_i;  s = sign(Σ v_i), a zero sum elects +;  A_i = [v_i·s > 0];
    θ = b + λ·Σ A_i·v_i / Σ A_i·w_i (the divisor only when `normalize`, and one where it is zero).

    Source: Yadav et al. 2023, "TIES-Merging", arXiv:2306.01708, algorithm 1. Deviations: trimmed per tensor, not over the
        whole model; the vote counts weighted changes; the mean divides by the agreeing weights.

    Args:
        step: a base and n ≥ 1 sources `[N]`. Parameters: `weight` and `density` per source, `lambda`, `normalize`.

    Returns:
        `[N]` in the step's dtype.

    Cost: about 3 % of N besides the result; two passes over the sources.
    Determinism: selection is exact; sums run in recipe order.
    """
    weights, scale = step.each("weight"), float(step.parameters["lambda"])
    normalize = bool(step.parameters["normalize"])
    trimmers = _trimmers(step)
    trimmed = [step.buffer() for _ in step.sources]
    out, scratch = step.buffer(), [step.buffer() for _ in range(3)]
    elect = kernel("elect")
    step.measures.agreed = 0.0

    def change(deltas: Sequence[torch.Tensor], start: int) -> torch.Tensor:
        length = deltas[0].numel()
        kept = [
            delta if trimmer is None else trimmer.trim(delta, buffer[:length])
            for delta, trimmer, buffer in zip(deltas, trimmers, trimmed, strict=True)
        ]
        merged, agreed = elect(
            kept, weights, normalize=normalize, out=out[:length], scratch=[buffer[:length] for buffer in scratch]
        )  # fmt: skip
        step.measures.agreed = (step.measures.agreed or 0.0) + agreed
        changed: torch.Tensor = merged.mul_(scale)
        return changed

    return step.combine(change)


def _trimmers(step: MergeStep) -> list[Trimmer | None]:
    """One per source; None where everything is kept."""
    size = step.elements
    integer = torch.int32 if step.maths == torch.float32 else torch.int64
    bits, vector, scratch = step.buffer().to(integer), step.buffer(), step.buffer()
    trimmers: list[Trimmer | None] = []
    for index, density in enumerate(step.each("density")):
        keep = count_of(density, size) if size else 0
        step.measures.kept.append(keep)
        if keep == size:
            trimmers.append(None)
            continue

        def magnitudes(index: int = index) -> Iterator[Bits]:
            for _, stretch in step.vectors(index, vector, scratch):
                yield magnitude_bits(stretch, bits[: stretch.numel()]).numpy()

        some = step.sample(index, sample_stride(size))
        sampled = magnitude_bits(some, torch.empty(some.numel(), dtype=integer)).numpy()
        trimmers.append(Trimmer(threshold(magnitudes, sampled, size, keep, step.maths)))
    return trimmers

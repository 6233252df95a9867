"""Generalised task arithmetic: what each source changed in the base is thinned out, weighted, perhaps put to a vote, and added."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from kernels.dispatch import kernel
from kernels.late import torch
from kernels.raw import Array
from workers.engine.merge.fused import is_whole, merge_changes
from workers.engine.merge.keepers import Keeper
from workers.engine.merge.sparsify import Sparsifier
from workers.engine.merge.step import MergeStep
from workers.engine.merge.weighting import l1_factor, weight_sum, weighted_sum

AddUp: TypeAlias = "Callable[[Sequence[torch.Tensor]], torch.Tensor]"


@dataclass(frozen=True)
class Changes:
    """One member of the family. Eight methods differ in these two choices, and in the presets of their rows.

    δ_i = f_i·sparsify(τ_i) with τ_i = θ_i − b;  v_i = w_i·δ_i
    without a vote:  m = Σ v_i,        D = Σ w_i
    with a vote:     s = sign(Σ v_i), a zero sum elects +;  A_i = [v_i·s > 0];  m = Σ A_i·v_i,  D = Σ A_i·w_i (one where it is 0)
    θ = b + λ·m, or b + λ·m / D when `normalize`

    f_i by `rescale`: `none` 1; `inverse` 1/d_i; `l1` Σ|τ_i| / Σ|sparsify(τ_i)|.
    `vote: raw` elects s = sign(Σ δ_i) and A_i = [δ_i·s > 0]; `reduce: count` divides by how many agree, `sum` by nothing.

    Cost: one pass over the sources, one more for each selection and for `l1`.
    Determinism: sums run in recipe order; selection is exact; draws belong to seed, tensor, source and entry.
    """

    sparsify: Sparsifier
    votes: bool = False

    def merge(self, step: MergeStep) -> Array:
        if is_whole(step, self.sparsify):
            return merge_changes(step, self.sparsify, votes=self.votes)
        weights, scale = step.each("weight"), float(step.parameters["lambda"])
        keepers = self.sparsify(step)
        factors = rescale_factors(step, keepers)
        buffers = [None if keeper.keeps_all else step.buffer() for keeper in keepers]
        add_up = _election(step, weights) if self.votes else _sum(step, weights)

        def change(deltas: Sequence[torch.Tensor], start: int) -> torch.Tensor:
            length = deltas[0].numel()
            kept = []
            for delta, keeper, factor, buffer in zip(deltas, keepers, factors, buffers, strict=True):
                some = delta if buffer is None else keeper.take(delta, start, buffer[:length])
                # A keeper may give the delta back, which is not ours to write to.
                kept.append(some if factor == 1.0 else some.mul_(factor) if some is not delta else some * factor)
            return add_up(kept).mul_(scale)

        result = step.combine(change)
        if not all(keeper.keeps_all for keeper in keepers) or "density" in step.parameters:
            step.measures.kept = [keeper.count for keeper in keepers]
        return result


def _sum(step: MergeStep, weights: list[float]) -> AddUp:
    total = weight_sum(step.name, weights) if step.parameters["normalize"] else 1.0
    out, scratch = step.buffer(), step.buffer()
    return lambda kept: weighted_sum(kept, weights, total, out[: kept[0].numel()], scratch)


def _election(step: MergeStep, weights: list[float]) -> AddUp:
    reduce = step.parameters.get("reduce", "weight")
    normalize = bool(step.parameters["normalize"]) and reduce != "sum"
    options = {"raw": True} if step.parameters.get("vote") == "raw" else {}
    options |= {"count": True} if reduce == "count" else {}
    out, scratch = step.buffer(), [step.buffer() for _ in range(3)]
    elect = kernel("elect")
    step.measures.agreed = 0.0

    def add_up(kept: Sequence[torch.Tensor]) -> torch.Tensor:
        length = kept[0].numel()
        merged, agreed = elect(
            kept, weights, normalize=normalize, out=out[:length], scratch=[buffer[:length] for buffer in scratch], **options
        )  # fmt: skip
        step.measures.agreed = (step.measures.agreed or 0.0) + agreed
        found: torch.Tensor = merged
        return found

    return add_up


def rescale_factors(step: MergeStep, keepers: Sequence[Keeper]) -> list[float]:
    """f_i of each source. A source of which nothing is kept, or that changed nothing, is left as it is."""
    rescale = step.parameters.get("rescale", "none")
    if rescale == "none":
        return [1.0] * len(keepers)
    if rescale == "inverse":
        return [keeper.inverse for keeper in keepers]
    vector, scratch, kept = step.buffer(), step.buffer(), step.buffer()
    factors = []
    for index, keeper in enumerate(keepers):
        before = after = 0.0
        for start, stretch in step.vectors(index, vector, scratch):
            before += _length(stretch)
            after += _length(keeper.take(stretch, start, kept[: stretch.numel()]))
        factors.append(l1_factor(before, after))
        keeper.restart()
    return factors


def _length(vector: torch.Tensor) -> float:
    """Σ|x|, in float64 within a stretch and over them."""
    found: float = torch.linalg.vector_norm(vector, 1, dtype=torch.float64).item()
    return found

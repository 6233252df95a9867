"""TIES: trim, elect sign, merge."""

from __future__ import annotations

from kernels.raw import Array
from workers.engine.merge.changes import Changes
from workers.engine.merge.global_trim import ROUNDS, global_magnitude
from workers.engine.merge.sparsify import magnitude
from workers.engine.merge.step import MergeStep

__all__ = ["ROUNDS", "merge"]


def merge(step: MergeStep) -> Array:
    """Keeps each source's largest changes, lets the weighted changes vote on each entry's sign, averages those that agree.

    δ_i = the k_i = max(1, ⌊d_i·N⌋) largest entries of τ_i = θ_i − b by magnitude, lowest flat index first among equals; with
    `scope: global` N and the order are those of all tensors together, in the order of the plan;
    v_i = w_i·δ_i;  s = sign(Σ v_i), a zero sum elects +;  A_i = [v_i·s > 0];
    θ = b + λ·Σ A_i·v_i / Σ A_i·w_i (the divisor only when `normalize`, and one where it is zero).

    Source: Yadav et al. 2023, "TIES-Merging", arXiv:2306.01708, algorithm 1. Deviations of the presets: trimmed per tensor,
        not over the whole model; the vote counts weighted changes; the mean divides by the agreeing weights. The paper's
        own: `scope: global`, `vote: raw`, `reduce: count`. A zero sum elects +, there the majority of all other entries.

    Args:
        step: a base and n ≥ 1 sources `[N]`. Parameters: `weight` and `density` per source, `lambda`, `normalize`, `rescale`,
            `scope`, `vote`, `reduce`.

    Returns:
        `[N]` in the step's dtype.

    Cost: about 3 % of N besides the result; two passes over the sources. `scope: global` reads the whole model twice before,
        three times where ties are to be shared out, and keeps 512 KiB for each source.
    Determinism: selection is exact; sums run in recipe order.
    """
    trim = global_magnitude if step.parameters["scope"] == "global" else magnitude
    return Changes(trim, votes=True).merge(step)

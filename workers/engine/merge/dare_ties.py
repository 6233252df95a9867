"""DARE TIES: drop at random and rescale, then elect the sign as TIES does."""

from __future__ import annotations

from kernels.raw import Array
from workers.engine.merge.changes import Changes
from workers.engine.merge.sparsify import random
from workers.engine.merge.step import MergeStep


def merge(step: MergeStep) -> Array:
    """Drops each source's changes at random, scales up the rest, and sums those that agree with the elected sign.

    B_i ~ Bernoulli(d_i) per entry;  δ_i = f_i·B_i·τ_i with τ_i = θ_i − b and f_i = 1/d_i (`rescale: inverse`),
    Σ|τ_i| / Σ|B_i·τ_i| (`l1`) or 1 (`none`);  v_i = w_i·δ_i;  s = sign(Σ v_i), a zero sum elects +;  A_i = [v_i·s > 0];
    θ = b + λ·Σ A_i·v_i / Σ A_i·w_i (the divisor only when `normalize`).

    Source: Yu et al. 2024, "Language models are super Mario", arXiv:2311.03099, section 3.2, for drop and rescale; Yadav et
        al. 2023, arXiv:2306.01708, for the election. Deviations of the election as in `ties`.

    Args:
        step: a base and n ≥ 1 sources `[N]`. Parameters: `weight` and `density` in (0, 1] per source, `lambda`, `normalize`,
            `rescale`.

    Returns:
        `[N]` in the step's dtype.

    Cost: one pass; `l1` adds one pass.
    Determinism: draws are Philox4x32-10 keyed by the seed, the tensor's name and the source; draw e belongs to flat index e.
    """
    return Changes(random, votes=True).merge(step)

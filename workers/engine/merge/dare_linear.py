"""DARE: drop changes at random, scale up the rest, add."""

from __future__ import annotations

from kernels.raw import Array
from workers.engine.merge.changes import Changes
from workers.engine.merge.sparsify import random
from workers.engine.merge.step import MergeStep


def merge(step: MergeStep) -> Array:
    """Drops each source's changes at random, scales up the rest so that the sum is kept on average, and adds them.

    B_i ~ Bernoulli(d_i) per entry;  δ_i = f_i·B_i·τ_i with τ_i = θ_i − b and f_i = 1/d_i (`rescale: inverse`),
    Σ|τ_i| / Σ|B_i·τ_i| (`l1`) or 1 (`none`);  θ = b + λ·Σ w_i·δ_i, divided by Σ w_i when `normalize`.

    Source: Yu et al. 2024, "Language models are super Mario", arXiv:2311.03099, section 3.2, followed by task arithmetic.
        Their drop rate p is 1 − d.

    Args:
        step: a base and n ≥ 1 sources `[N]`. Parameters: `weight` and `density` in (0, 1] per source, `lambda`, `normalize`,
            `rescale`.

    Returns:
        `[N]` in the step's dtype.

    Raises:
        UserError: `normalize` and the weights sum to zero.

    Cost: one pass; `l1` adds one pass.
    Determinism: draws are Philox4x32-10 keyed by the seed, the tensor's name and the source; draw e belongs to flat index e.
    """
    return Changes(random).merge(step)

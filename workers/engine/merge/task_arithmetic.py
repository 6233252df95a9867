"""Task arithmetic: the weighted sum of what each model learned, added to the base."""

from __future__ import annotations

from kernels.raw import Array
from workers.engine.merge.changes import Changes
from workers.engine.merge.sparsify import all_kept
from workers.engine.merge.step import MergeStep


def merge(step: MergeStep) -> Array:
    """Adds the sources' weighted task vectors to the base.

    θ = b + λ·Σ w_i·τ_i,  τ_i = θ_i − b;  Σ w_i·τ_i is divided by Σ w_i when `normalize`.

    Source: Ilharco et al. 2023, "Editing models with task arithmetic", arXiv:2212.04089, section 4 (addition), with one
        weight per task instead of one for all.

    Args:
        step: a base and n ≥ 1 sources `[n]`. Parameters: `weight` per source, `lambda`, `normalize`.

    Returns:
        `[n]` in the step's dtype.

    Raises:
        UserError: `normalize` and the weights sum to zero.

    Determinism: sums run in recipe order.
    """
    return Changes(all_kept).merge(step)

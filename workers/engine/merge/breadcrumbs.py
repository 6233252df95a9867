"""Model breadcrumbs: leave out the smallest and the very largest changes, and add what is in between."""

from __future__ import annotations

from kernels.raw import Array
from workers.engine.merge.changes import Changes
from workers.engine.merge.sparsify import magnitude_outliers
from workers.engine.merge.step import MergeStep


def merge(step: MergeStep) -> Array:
    """Masks both tails of each source's changes and adds the rest.

    In the order of |τ_i|, τ_i = θ_i − b:  the ⌊γ_i·N⌋ largest are outliers, δ_i keeps the ⌊d_i·N⌋ largest of the others (fewer
    are outliers where d_i + γ_i > 1, none where d_i = 1);  θ = b + λ·Σ w_i·δ_i, divided by Σ w_i when `normalize`.

    Source: Davari and Belilovsky 2024, "Model breadcrumbs", arXiv:2312.06795, section 3: their masks at β (lower) and γ
        (upper) leave 1 − d − γ and 1 − γ. Deviation: one weight per task.

    Args:
        step: a base and n ≥ 1 sources `[N]`. Parameters: `weight`, `density` and `gamma` per source, `lambda`, `normalize`,
            `rescale` (`l1`: δ_i is scaled so that Σ|δ_i| = Σ|τ_i|).

    Returns:
        `[N]` in the step's dtype.

    Raises:
        UserError: `normalize` and the weights sum to zero.

    Cost: about 3 % of N besides the result; three passes over the sources.
    Determinism: selection is exact; among equals the lowest flat index counts as the larger.
    """
    return Changes(magnitude_outliers).merge(step)

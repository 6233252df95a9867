"""DELLA without a vote: drop by lot with better odds for large changes, rescale, add."""

from kernels.raw import Array
from workers.engine.merge.changes import Changes
from workers.engine.merge.mag_prune import mag_prune
from workers.engine.merge.step import MergeStep


def merge(step: MergeStep) -> Array:
    """Drops small changes more often than large ones, makes good for it, and adds.

    p = (d_i − ε_i) + 2·ε_i·(r − 1)/(C − 1) for the change of rank r, the smallest first, among the C of its row;
    B_i ~ Bernoulli(p);  δ_i = B_i·τ_i / p with τ_i = θ_i − b (`rescale: inverse`), scaled to Σ|δ_i| = Σ|τ_i| (`l1`) or as it is
    (`none`);  θ = b + λ·Σ w_i·δ_i, divided by Σ w_i when `normalize`.

    Source: Deep, Bhardwaj, Poria 2024, "DELLA-Merging", arXiv:2406.11617, section 3.1, followed by task arithmetic.

    Args:
        step: a base and n ≥ 1 sources `[N]`. Parameters: `weight`, `density` and `epsilon` per source with 0 < d − ε and
            d + ε < 1 (or d = 1, which keeps all), `lambda`, `normalize`, `rescale`.

    Returns:
        `[N]` in the step's dtype.

    Raises:
        UserError: `normalize` and the weights sum to zero.

    Cost: every source's kept changes in full; a sort of each row.
    Determinism: draws are Philox4x32-10 keyed by the seed, the tensor's name and the source; draw e belongs to flat index e.
    """
    return Changes(mag_prune).merge(step)

"""DELLA: drop by lot with better odds for large changes, rescale, then elect the sign as TIES does."""

from kernels.raw import Array
from workers.engine.merge.changes import Changes
from workers.engine.merge.mag_prune import mag_prune
from workers.engine.merge.step import MergeStep


def merge(step: MergeStep) -> Array:
    """Drops small changes more often than large ones, makes good for it, and averages those that agree on the sign.

    p = (d_i − ε_i) + 2·ε_i·(r − 1)/(C − 1) for the change of rank r, the smallest first, among the C of its row;
    B_i ~ Bernoulli(p);  δ_i = B_i·τ_i / p with τ_i = θ_i − b (`rescale: inverse`), scaled to Σ|δ_i| = Σ|τ_i| (`l1`) or as it is
    (`none`);  v_i = w_i·δ_i;  s = sign(Σ v_i), a zero sum elects +;  A_i = [v_i·s > 0];
    θ = b + λ·Σ A_i·v_i / Σ A_i·w_i (the divisor only when `normalize`).

    Source: Deep, Bhardwaj, Poria 2024, "DELLA-Merging", arXiv:2406.11617, sections 3.1 to 3.3. Deviations of the election as
        in `ties`.

    Args:
        step: a base and n ≥ 1 sources `[N]`. Parameters: `weight`, `density` and `epsilon` per source with 0 < d − ε and
            d + ε < 1 (or d = 1, which keeps all), `lambda`, `normalize`, `rescale`, `vote`, `reduce`.

    Returns:
        `[N]` in the step's dtype.

    Cost: every source's kept changes in full; a sort of each row.
    Determinism: draws are Philox4x32-10 keyed by the seed, the tensor's name and the source; draw e belongs to flat index e.
    """
    return Changes(mag_prune, votes=True).merge(step)

"""KnOTS on adapters: turn all their changes into one set of axes, and merge them there, from the factors alone."""

import torch

from workers.engine.merge.adapters import Factors, PairStep, padded, refuse_not_finite, sum_of
from workers.engine.merge.matrices import leading

NEGLIGIBLE = 1e-5  # singular values up to here are left out, as in the paper's code


def merge(step: PairStep) -> Factors:
    """Aligns the changes D_i = s_i·B_i·A_i by one decomposition of all of them, then merges the aligned parts.

    [D_1 | … | D_n] = U·Σ·[V_1ᵀ | … | V_nᵀ], directions with σ ≤ 10⁻⁵ left out;  M = the inner method's merge of the Σ·V_iᵀ;
    B·A = U·M.  With [B_1, …, B_n] = Q·[R_1, …, R_n] the parts are Uᶜᵀ·C_i of the cores C_i = s_i·R_i·A_i, and U = Q·Uᶜ.

    Source: Stoica et al. 2025, "Model merging with SVD to tie the KnOTS", arXiv:2410.19735, section 4, equations 3 to 5. The inner
        methods are those of the other combinations of adapters: TIES divides by how many agree; DARE by the density.

    Args:
        step: n ≥ 1 pairs A_i `[r_i, in]`, B_i `[out, r_i]` in float64; weights, scalings, densities, `inner`, `rank` r.

    Returns:
        A `[r, in]`, B `[out, r]`, with scaling 1: all directions where r is Σ r_i, else the r strongest of the outcome.

    Raises:
        UserError: a factor holds NaN or infinity.

    Cost: O((out + n·in)·(Σ r_i)²) operations, the parts `[Σ r_i, in]` of every source; D_i is never formed.
    Determinism: LAPACK with one thread, in float64; the sign of an axis turns all parts alike, and back.
    """
    refuse_not_finite(step)
    left, upper = torch.linalg.qr(torch.cat([b for _, b in step.pairs], dim=1))
    blocks = upper.split([b.shape[1] for _, b in step.pairs], dim=1)
    cores = [s * block @ a for (a, _), s, block in zip(step.pairs, step.scalings, blocks, strict=True)]
    values, turn = torch.linalg.eigh(sum_of([core @ core.mT for core in cores]))
    turn = turn[:, values > NEGLIGIBLE**2].flip(1)
    merged = _inner(step, [turn.mT @ core for core in cores])
    if step.rank < merged.shape[0]:
        # The axes are orthonormal, so that the strongest directions of M are those of U·M.
        first, sizes, second = leading(merged, step.rank)
        return padded(second.mT, left @ turn @ (first * sizes), step.rank)
    return padded(merged, left @ turn, step.rank)


def _inner(step: PairStep, parts: list[torch.Tensor]) -> torch.Tensor:
    if step.inner == "linear":
        return sum_of(parts, step.weights)
    kept = step.largest(parts, "") if step.inner == "ties" else step.drawn(parts, "")
    return step.agreeing(kept, step.weights)

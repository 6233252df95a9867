"""The best adapter of a given rank for a weighted sum of adapters."""

import torch

from workers.engine.merge.adapter_cat import merge as concatenated
from workers.engine.merge.adapters import Factors, PairStep, padded, refuse_not_finite


def merge(step: PairStep) -> Factors:
    """The rank-r truncation of Σ w_i·D_i, from the factors alone.

    A₊ = [w_i·s_i·A_i] stacked, B₊ = [B_i];  B₊ = Q_B·R_B,  A₊ᵀ = Q_A·R_A;  U·S·Vᵀ = R_B·R_Aᵀ, of size Σ r_i at most;
    A = (Q_A·V_r)ᵀ,  B = Q_B·U_r·S_r.  B·A is the nearest matrix of rank r in any unitarily invariant norm.

    Source: peft, `LoraModel.add_weighted_adapter`, combination type `svd` (all of S in B); Eckart and Young 1936. peft decomposes
        the product itself; the core has the same singular values and vectors, because Q_A and Q_B have orthonormal columns.

    Args:
        step: n ≥ 1 pairs A_i `[r_i, in]`, B_i `[out, r_i]` in float64; weights, scalings, `rank` r.

    Returns:
        A `[r, in]`, B `[out, r]`, with scaling 1; rows and columns beyond Σ r_i are zero.

    Raises:
        UserError: a factor holds NaN or infinity.

    Cost: O((in + out)·(Σ r_i)²) operations, O((in + out)·Σ r_i) memory; D_i is never formed.
    Determinism: LAPACK with one thread, in float64.
    """
    refuse_not_finite(step)
    a, b = concatenated(step)
    left, upper_left = torch.linalg.qr(b)
    right, upper_right = torch.linalg.qr(a.mT)
    turn_left, values, turn_right = torch.linalg.svd(upper_left @ upper_right.mT, full_matrices=False)
    kept = min(step.rank, len(values))
    left, right = left @ (turn_left[:, :kept] * values[:kept]), turn_right[:kept] @ right.mT
    return padded(right, left, step.rank)

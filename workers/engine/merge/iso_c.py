"""Iso-C: one length for all directions of the summed change."""

import torch

from workers.engine.merge.matrices import merge_matrices, polar, total_of
from workers.engine.merge.step import MergeStep


def merge(step: MergeStep) -> torch.Tensor:
    """Isotropic merging in the common subspace: the spectrum of the summed task matrices is made flat.

    Σ τ_i = U·diag(σ)·Vᵀ;  σ̄ = mean(σ);  θ = b + λ·σ̄·U·Vᵀ.  Tensors that are not matrices: θ = b + λ·mean(τ_i).

    Source: Marczak et al. 2025, "No task left behind: isotropic model merging with common and task-specific subspaces",
        arXiv:2502.04959, section 4.2; λ is its α, chosen on validation data there, the preset is that of FusionBench's results.
        Deviation: directions of singular value zero stay zero and do not count in the mean (which vectors span them is
        arbitrary, and the sum of the singular values is kept either way).

    Args:
        step: a base and n ≥ 1 sources. Parameters: `lambda`.

    Returns:
        `[N]` in the step's dtype.

    Cost: per matrix one polar factor, by the smaller Gram matrix in float64.
    Determinism: LAPACK in float64 with one thread.
    """

    def isotropic(vectors: list[torch.Tensor]) -> torch.Tensor:
        factor, total, rank = polar(total_of(vectors))
        return factor.mul_(total / max(rank, 1))

    return merge_matrices(step, isotropic)

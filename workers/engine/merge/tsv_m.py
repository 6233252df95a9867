"""TSV-M: keep each task's leading singular vectors, and make the tasks' directions orthogonal before adding them up."""

import torch

from workers.engine.merge.matrices import leading, merge_matrices, polar
from workers.engine.merge.step import MergeStep


def merge(step: MergeStep) -> torch.Tensor:
    """Task singular vectors with whitening between tasks.

    τ_i ≈ U_i·Σ_i·V_iᵀ with the k = max(1, ⌊min(m, n') / n⌋) largest singular values of each of the n tasks;
    U = [U_1 … U_n], V = [V_1 … V_n], Σ = diag(Σ_1, …, Σ_n);  U⊥, V⊥ = orthogonal polar factors of U and V;
    θ = b + λ·U⊥·Σ·V⊥ᵀ.  Tensors that are not matrices: θ = b + λ·mean(τ_i).

    Source: Gargiulo et al. 2025, "Task singular vectors", arXiv:2412.00081, section 4 and algorithm 1; λ is its α. Deviations:
        at least one vector of each task, also with more tasks than dimensions; directions of singular value zero are left out
        (the reference code lets arbitrary vectors of a vanishing task take part in the whitening); matrices are not excluded by
        their name (the reference code averages CLIP's `text_projection`).

    Args:
        step: a base and n ≥ 1 sources. Parameters: `lambda`.

    Returns:
        `[N]` in the step's dtype.

    Cost: per matrix n eigendecompositions of the smaller Gram matrix and two polar factors, in float64.
    Determinism: LAPACK in float64 with one thread.
    """

    def whitened(vectors: list[torch.Tensor]) -> torch.Tensor:
        rank = max(1, min(step.shape) // len(vectors))
        parts = [leading(vector, rank) for vector in vectors]
        left, values, right = (torch.cat([part[place] for part in parts], dim=-1) for place in range(3))
        if not values.numel():
            return vectors[0].zero_()
        return (polar(left)[0] * values) @ polar(right)[0].mT

    return merge_matrices(step, whitened)

"""WUDI: look for the matrix that disturbs each task least, judged by the task vectors themselves."""

import torch

from workers.engine.merge.matrices import EPSILON, merge_matrices, total_of
from workers.engine.merge.step import MergeStep

BETAS, ADAM_EPSILON = (0.9, 0.999), 1e-8


def merge(step: MergeStep) -> torch.Tensor:
    """Data-free minimisation of the interference on each task's input subspace, which the rows of its task vector span.

    L(m) = Σ ‖(m − τ_i)·τ_iᵀ‖² / ‖τ_i‖²  (Frobenius), for each matrix, from m₀ = Σ τ_i;  θ = b + λ·m.
    `solver: adam`: `iterations` steps of Adam with `learning_rate`, as published. `solver: exact`: L is a least squares problem,
    with G_i = τ_iᵀτ_i/‖τ_i‖², A = Σ G_i and R = Σ (m₀ − τ_i)·G_i its gradient is 2·((m − m₀)·A + R), and m = m₀ − R·A⁺ is the
    minimiser nearest to m₀; Adam stops on the way to it. Tensors that are not matrices: θ = b + λ·mean(τ_i).

    Source: Cheng et al. 2025, "Whoever started the interference should end it: guiding data-free model merging via task
        vectors", arXiv:2503.08099, section 4; start, optimiser and defaults are those of FusionBench. Deviations: a vanishing
        task vector takes no part (0/0 there); λ (1 is published) and the exact solution are ours.

    Args:
        step: a base and n ≥ 1 sources. Parameters: `solver`, `iterations`, `learning_rate`, `lambda`.

    Returns:
        `[N]` in the step's dtype.

    Cost: per matrix [m, n'] one product m·n'² for each iteration, or one eigendecomposition of [n', n'].
    Determinism: float64 with one thread, no draws.
    """
    is_exact = step.parameters["solver"] == "exact"
    iterations, rate = int(step.parameters["iterations"]), float(step.parameters["learning_rate"])

    def quietest(vectors: list[torch.Tensor]) -> torch.Tensor:
        start = total_of(vectors)
        gram = start.new_zeros(start.shape[1], start.shape[1])
        disturbed = torch.zeros_like(start)
        for vector in vectors:
            wide = vector.double()
            square = float(wide.square().sum())
            if square > 0:
                own = (wide.mT @ wide).div_(square)
                gram.add_(own)
                disturbed.addmm_(start - wide, own)
        return start.add_(_solved(gram, disturbed) if is_exact else _descended(gram, disturbed, iterations, rate))

    return merge_matrices(step, quietest)


def _solved(gram: torch.Tensor, disturbed: torch.Tensor) -> torch.Tensor:
    """m − m₀ = −R·A⁺; eigenvalues of A that are zero to working precision have no part in A⁺."""
    values, vectors = torch.linalg.eigh(gram)
    inverse = torch.where(values > len(values) * EPSILON * values[-1], values.reciprocal(), 0.0)
    moved: torch.Tensor = ((disturbed @ vectors) * -inverse) @ vectors.mT
    return moved


def _descended(gram: torch.Tensor, disturbed: torch.Tensor, iterations: int, rate: float) -> torch.Tensor:
    """m − m₀ after so many steps of Adam (Kingma and Ba 2015, algorithm 1) from zero on the gradient 2·((m − m₀)·A + R)."""
    moved, first, second = (torch.zeros_like(disturbed) for _ in range(3))
    for count in range(1, iterations + 1):
        gradient = torch.addmm(disturbed, moved, gram).mul_(2.0)
        first.lerp_(gradient, 1 - BETAS[0])
        second.mul_(BETAS[1]).addcmul_(gradient, gradient, value=1 - BETAS[1])
        spread = second.div(1 - BETAS[1] ** count).sqrt_().add_(ADAM_EPSILON)
        moved.addcdiv_(first, spread, value=-rate / (1 - BETAS[0] ** count))
    return moved

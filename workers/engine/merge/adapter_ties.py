"""TIES on adapters: on their factors, or on their products."""

from collections.abc import Sequence

import torch

from workers.engine.merge.adapters import Factors, PairStep, by_factors, by_products


def merge(step: PairStep) -> Factors:
    """TIES on all A_i, and by itself on all B_i.

    x̂_i = the ⌊d_i·N⌋ largest entries of x_i;  γ = sign(Σ x̂_i), or of Σ sign(x̂_i), zero counting as +;
    m = Σ_{i: sign(x̂_i) = γ} v_i·x̂_i / max(1, #{i: sign(x̂_i) = γ}),  with v_i = ±√|w_i·s_i| as in `adapters.by_factors`.

    Source: Yadav et al. 2023, arXiv:2306.01708, section 4, as peft's combination type `ties` applies it: per tensor, with the
        vote on unweighted entries and the mean over the number that agree.

    Args:
        step: n ≥ 1 pairs A_i `[r, in]`, B_i `[out, r]` of one rank, in float64; weights, scalings, densities, `vote`.

    Returns:
        A `[r, in]`, B `[out, r]`, with scaling 1.

    Determinism: equals at a threshold stay in the order of their flat index.
    """
    return by_factors(step, lambda tensors, weights, name: _ties(step, tensors, weights, name))


def merge_svd(step: PairStep) -> Factors:
    """TIES on the products D_i = s_i·B_i·A_i, then the `rank` strongest directions of the outcome: see `merge` for the formula.

    Source: peft's combination type `ties_svd`. The trimmed sum has full rank, so that truncation loses some of it; the report
        says how much.

    Returns:
        A `[rank, in]`, B `[out, rank]`, with scaling 1.

    Raises:
        UserError: a factor holds NaN or infinity.

    Cost: every D_i in float64 and two more; the eigenvectors of the smaller Gram matrix.
    Determinism: LAPACK with one thread, in float64.
    """
    return by_products(step, lambda tensors, weights, name: _ties(step, tensors, weights, name))


def _ties(step: PairStep, tensors: Sequence[torch.Tensor], weights: Sequence[float], name: str) -> torch.Tensor:
    return step.agreeing(step.largest(tensors, name), weights)

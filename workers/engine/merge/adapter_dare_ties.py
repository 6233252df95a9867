"""DARE with TIES's vote on adapters: on their factors, or on their products."""

from workers.engine.merge.adapters import Factors, PairStep, by_factors, by_products


def merge(step: PairStep) -> Factors:
    """Drops entries at random and scales up the rest, then averages those whose sign is the elected one.

    M_i ~ Bernoulli(d_i) per entry, x̂_i = M_i·x_i / d_i;  γ = sign(Σ x̂_i), or of Σ sign(x̂_i), zero counting as +;
    m = Σ_{i: sign(x̂_i) = γ} v_i·x̂_i / max(1, #{i: sign(x̂_i) = γ}),  with v_i = ±√|w_i·s_i| as in `adapters.by_factors`.

    Source: Yu et al. 2024, arXiv:2311.03099, and Yadav et al. 2023, arXiv:2306.01708, as peft's combination type `dare_ties`
        puts them together.

    Args:
        step: n ≥ 1 pairs A_i `[r, in]`, B_i `[out, r]` of one rank, in float64; weights, scalings, densities, `vote`, seed.

    Returns:
        A `[r, in]`, B `[out, r]`, with scaling 1.

    Determinism: draws are Philox4x32-10 keyed by the seed, the module and factor, and the source.
    """
    return by_factors(step, lambda tensors, weights, name: step.agreeing(step.drawn(tensors, name), weights))


def merge_svd(step: PairStep) -> Factors:
    """The same on the products D_i = s_i·B_i·A_i with weights w_i, then the `rank` strongest directions of the outcome.

    Source: peft's combination type `dare_ties_svd`; see `merge` for the formula.

    Returns:
        A `[rank, in]`, B `[out, rank]`, with scaling 1.

    Raises:
        UserError: a factor holds NaN or infinity.

    Cost: every D_i in float64 and two more; the eigenvectors of the smaller Gram matrix.
    Determinism: Philox draws; LAPACK with one thread, in float64.
    """
    return by_products(step, lambda tensors, weights, name: step.agreeing(step.drawn(tensors, name), weights))

"""DARE on adapters: on their factors, or on their products."""

from workers.engine.merge.adapters import Factors, PairStep, by_factors, by_products, sum_of


def merge(step: PairStep) -> Factors:
    """Drops entries of all A_i, and of all B_i, at random, scales up the rest and adds.

    M_i ~ Bernoulli(d_i) per entry;  m = Σ v_i·M_i·x_i / d_i,  with v_i = ±√|w_i·s_i| as in `adapters.by_factors`.

    Source: Yu et al. 2024, arXiv:2311.03099, section 3.2, as peft's combination type `dare_linear` applies it to factors.

    Args:
        step: n ≥ 1 pairs A_i `[r, in]`, B_i `[out, r]` of one rank, in float64; weights, scalings, densities in (0, 1], seed.

    Returns:
        A `[r, in]`, B `[out, r]`, with scaling 1.

    Determinism: draws are Philox4x32-10 keyed by the seed, the module and factor, and the source.
    """
    return by_factors(step, lambda tensors, weights, name: sum_of(step.drawn(tensors, name), weights))


def merge_svd(step: PairStep) -> Factors:
    """DARE on the products D_i = s_i·B_i·A_i with weights w_i, then the `rank` strongest directions of the sum.

    Source: peft's combination type `dare_linear_svd`; see `merge` for the formula.

    Returns:
        A `[rank, in]`, B `[out, rank]`, with scaling 1.

    Raises:
        UserError: a factor holds NaN or infinity.

    Cost: every D_i in float64 and two more; the eigenvectors of the smaller Gram matrix.
    Determinism: Philox draws; LAPACK with one thread, in float64.
    """
    return by_products(step, lambda tensors, weights, name: sum_of(step.drawn(tensors, name), weights))

"""Adapters thinned out to their largest entries and added up: by factor, or by product."""

from workers.engine.merge.adapters import Factors, PairStep, by_factors, by_products, sum_of


def merge(step: PairStep) -> Factors:
    """Keeps the largest entries of each factor and adds them.

    x̂_i = the ⌊d_i·N⌋ largest entries of x_i;  m = Σ v_i·x̂_i,  with v_i = ±√|w_i·s_i| as in `adapters.by_factors`.

    Source: peft, `LoraModel.add_weighted_adapter`, combination type `magnitude_prune`.

    Args:
        step: n ≥ 1 pairs A_i `[r, in]`, B_i `[out, r]` of one rank, in float64; weights, scalings, densities.

    Returns:
        A `[r, in]`, B `[out, r]`, with scaling 1.

    Determinism: equals at a threshold stay in the order of their flat index.
    """
    return by_factors(step, lambda tensors, weights, name: sum_of(step.largest(tensors, name), weights))


def merge_svd(step: PairStep) -> Factors:
    """The same on the products D_i = s_i·B_i·A_i with weights w_i, then the `rank` strongest directions of the sum.

    Source: peft's combination type `magnitude_prune_svd`; see `merge` for the formula.

    Returns:
        A `[rank, in]`, B `[out, rank]`, with scaling 1.

    Raises:
        UserError: a factor holds NaN or infinity.

    Cost: every D_i in float64 and two more; the eigenvectors of the smaller Gram matrix.
    Determinism: LAPACK with one thread, in float64.
    """
    return by_products(step, lambda tensors, weights, name: sum_of(step.largest(tensors, name), weights))

"""Factors of adapters added up."""

from workers.engine.merge.adapters import Factors, PairStep, by_factors, sum_of


def merge(step: PairStep) -> Factors:
    """Adds up the factors, each by itself.

    A = Σ sign(w_i·s_i)·√|w_i·s_i|·A_i,  B = Σ √|w_i·s_i|·B_i.  B·A holds cross terms B_i·A_j with i ≠ j, so that it is not
    Σ w_i·D_i; the report says by how much.

    Source: peft, `LoraModel.add_weighted_adapter`, combination type `linear`.

    Args:
        step: n ≥ 1 pairs A_i `[r, in]`, B_i `[out, r]` of one rank, in float64; weights w_i, scalings s_i.

    Returns:
        A `[r, in]`, B `[out, r]`, with scaling 1.

    Cost: one pass over the factors.
    Determinism: sums in the order of the sources.
    """
    return by_factors(step, lambda tensors, weights, _: sum_of(tensors, weights))

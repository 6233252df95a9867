"""Adapters side by side: exact, at the sum of their ranks."""

import torch

from workers.engine.merge.adapters import Factors, PairStep


def merge(step: PairStep) -> Factors:
    """Exactly Σ w_i·D_i as one adapter, of rank Σ r_i.

    A = [w_1·s_1·A_1; …; w_n·s_n·A_n],  B = [B_1, …, B_n],  so that B·A = Σ w_i·s_i·B_i·A_i.

    Source: peft, `LoraModel.add_weighted_adapter`, combination type `cat`.

    Args:
        step: n ≥ 1 pairs A_i `[r_i, in]`, B_i `[out, r_i]` in float64, of any ranks; weights w_i, scalings s_i.

    Returns:
        A `[Σ r_i, in]`, B `[out, Σ r_i]`, with scaling 1.

    Cost: one copy of the factors; D_i is never formed.
    Determinism: none needed; entries are multiplied once.
    """
    parts = zip(step.pairs, step.weights, step.scalings, strict=True)
    return torch.cat([weight * scaling * a for (a, _), weight, scaling in parts]), torch.cat(
        [b for _, b in step.pairs], dim=1
    )

"""Multi-SLERP: the weighted mean of many directions on the sphere, at the weighted mean of their lengths."""

import math

import torch

from workers.contracts.errors import UserError
from workers.contracts.findings import Finding
from workers.engine.merge.gram import gram
from workers.engine.merge.step import MergeStep
from workers.engine.merge.weighting import weight_sum, weighted_sum


def merge(step: MergeStep) -> torch.Tensor:
    """The weighted mean direction of the sources (of their changes, with a base), as long as they are on average.

    x_i = θ_i, or θ_i − b;  u_i = x_i / (‖x_i‖ + ε);  μ = Σ w_i·u_i / ‖Σ w_i·u_i‖;  x = (Σ w_i·‖x_i‖)·μ;  θ = x, or b + x.
    Weights are divided by their sum when `normalize_weights`. One source is given back as it is; where ‖Σ w_i·u_i‖ < ε two
    sources give Σ w_i·x_i. A source with an entry that is infinite or no number has neither length nor direction: every entry
    of the result is NaN, and the report counts them.

    Source: mergekit 0.1.5, `multislerp`. It moves on from μ along g = Σ w_i·(u_i − (u_i·μ)·μ); but Σ w_i·u_i is a multiple of
        μ, so that g is zero but for rounding, and is left out here. Deviations: norms in float64; sources that are all zero
        give zero.

    Args:
        step: n ≥ 1 sources `[N]`, a base or none. Parameters: `weight` per source, `normalize_weights`, `eps`.

    Returns:
        `[N]` in the step's dtype.

    Raises:
        UserError: the weights sum to zero and are to be divided by their sum; or three or more directions cancel out.

    Cost: two passes.
    Determinism: products are added in float64, in order.
    """
    weights = step.each("weight")
    if step.parameters["normalize_weights"]:
        total = weight_sum(step.name, weights)
        weights = [weight / total for weight in weights]
    factors = [1.0] if len(weights) == 1 else _factors(step, weights)
    out, scratch = step.buffer(), step.buffer()
    return step.combine(lambda vectors, start: weighted_sum(vectors, factors, 1.0, out[: vectors[0].numel()], scratch))


def _factors(step: MergeStep, weights: list[float]) -> list[float]:
    """How much of each x_i goes in."""
    products, given = gram(step), torch.tensor(weights, dtype=torch.float64)
    epsilon = float(step.parameters["eps"])
    norms = products.diagonal().sqrt()
    onto_unit = given / (norms + epsilon)
    length = (onto_unit @ products @ onto_unit).clamp_min(0.0).sqrt().item()
    if math.isnan(length) or length >= epsilon:
        mean: list[float] = (onto_unit / length * (given @ norms)).tolist()
        return mean
    if len(weights) > 2 and norms.max().item() > 0:
        raise cancels(step.name)
    return weights


def cancels(name: str) -> UserError:
    message = f"The weighted directions of {name} cancel out, so there is no mean direction to go in."
    finding = Finding(
        code="directions_cancel", severity="error", message=message, where=name, stage="run",
        consequence="Other weights, or a base to measure changes from, give them one.",
    )  # fmt: skip
    return UserError(message, (finding,))

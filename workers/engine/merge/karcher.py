"""Karcher mean: the point on the sphere that is closest to all sources along arcs, at their mean length."""

import torch

from workers.engine.merge.gram import gram
from workers.engine.merge.step import MergeStep
from workers.engine.merge.weighting import weighted_sum


def merge(step: MergeStep) -> torch.Tensor:
    """The Riemannian centre of mass of the sources' directions, scaled to the mean of their lengths.

    u_i = θ_i / ‖θ_i‖ for the k sources with ‖θ_i‖ > tol;  m = Σ u_i / ‖Σ u_i‖ (u_1 where that norm is below tol);
    at most `max_iter` times: φ_i = arccos(u_i·m), g = 1/k Σ φ_i/sin φ_i · (u_i − (u_i·m)·m), leaving out φ_i < tol; stop where
    ‖g‖ < tol; m ← cos‖g‖·m + sin‖g‖/‖g‖·g, normalised;  θ = (1/n Σ ‖θ_i‖)·m.

    Source: Karcher 1977, "Riemannian center of mass and mollifier smoothing"; for merging arXiv:2603.04972. m stays a
        combination of the sources, so that it is iterated as n coefficients over their Gram matrix, in float64.

    Args:
        step: n ≥ 1 sources `[N]`, no base. Parameters: `max_iter`, `tol`.

    Returns:
        `[N]` in the step's dtype; zeros where no source is longer than tol.

    Cost: two passes, whatever the number of iterations.
    Determinism: products are added in float64, in order.
    """
    products = gram(step)
    norms = products.diagonal().sqrt()
    tolerance = float(step.parameters["tol"])
    chosen = (norms > tolerance).nonzero().flatten()
    factors = torch.zeros_like(norms)
    if len(chosen):
        lengths = norms[chosen]
        units = products[chosen][:, chosen] / (lengths[:, None] * lengths)
        factors[chosen] = _mean(units, int(step.parameters["max_iter"]), tolerance) * norms.mean() / lengths
    weights: list[float] = factors.tolist()
    out, scratch = step.buffer(), step.buffer()
    return step.combine(lambda vectors, start: weighted_sum(vectors, weights, 1.0, out[: vectors[0].numel()], scratch))


def _mean(units: torch.Tensor, most: int, tolerance: float) -> torch.Tensor:
    """Coefficients `[k]` of m over the u_i, whose products are `units` `[k, k]`."""
    count = len(units)
    first = torch.zeros(count, dtype=torch.float64)
    first[0] = 1.0
    mean = torch.full_like(first, 1 / count)
    length = _norm(mean, units)
    mean = mean / length if length >= tolerance else first
    for _ in range(most):
        cosines = (units @ mean).clamp(-1.0, 1.0)
        angles = cosines.acos()
        far = angles >= tolerance
        pulls = torch.where(far, angles / torch.where(far, angles.sin(), 1.0), 0.0) / count
        tangent = pulls - (pulls @ cosines) * mean
        length = _norm(tangent, units)
        if length < tolerance:
            break
        moved = torch.tensor(length)
        mean = moved.cos() * mean + moved.sin() / length * tangent
        mean = mean / _norm(mean, units)
    return mean


def _norm(coefficients: torch.Tensor, units: torch.Tensor) -> float:
    return (coefficients @ units @ coefficients).clamp_min(0.0).sqrt().item()

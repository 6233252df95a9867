"""Linear: a weighted average of the weights."""

from collections.abc import Sequence

import torch

from workers.contracts.errors import UserError
from workers.contracts.findings import Finding
from workers.engine.merge.step import MergeStep


def merge(step: MergeStep) -> torch.Tensor:
    """The weighted sum of the sources, divided by the sum of the weights when `normalize`.

    θ = Σ w_i·θ_i / Σ w_i

    Source: Wortsman et al. 2022, "Model soups", arXiv:2203.05482, section 2 (uniform soup, with weights).

    Args:
        step: n ≥ 1 sources `[n]`, no base. Parameters: `weight` per source, `normalize`.

    Returns:
        `[n]` in the step's dtype.

    Raises:
        UserError: `normalize` and the weights sum to zero.

    Determinism: sums run in recipe order, each product and each sum rounded once; in float32 the result is that of
        `(w_0*θ_0 + w_1*θ_1 + …) / (w_0 + w_1 + …)` written in torch.
    """
    weights = step.each("weight")
    total = weight_sum(step.name, weights) if step.parameters["normalize"] else 1.0
    out, scratch = step.buffer(), step.buffer()

    def average(sources: Sequence[torch.Tensor], start: int) -> torch.Tensor:
        return weighted_sum(sources, weights, total, out[: sources[0].numel()], scratch)

    return step.combine(average)


def weighted_sum(
    vectors: Sequence[torch.Tensor], weights: Sequence[float], divisor: float, out: torch.Tensor, scratch: torch.Tensor
) -> torch.Tensor:
    """Σ w_i·x_i / divisor into `out`. Multiply and add are separate: a fused step rounds differently from plain torch."""
    torch.mul(vectors[0], weights[0], out=out)
    for vector, weight in zip(vectors[1:], weights[1:], strict=True):
        out.add_(torch.mul(vector, weight, out=scratch[: vector.numel()]))
    return out if divisor == 1.0 else out.div_(divisor)


def weight_sum(name: str, weights: Sequence[float]) -> float:
    """Σ w_i, refused when it is (nearly) nothing to divide by.

    Raises:
        UserError: |Σ w_i| < 1e-8.
    """
    total = sum(weights)
    if abs(total) < 1e-8:
        message = f"The weights for {name} add up to {total:g}, so there is nothing to divide by."
        finding = Finding(
            code="weights_sum_to_zero", severity="error", message=message, where="sources", stage="run",
            consequence="Every entry of the result would be infinite.",
        )  # fmt: skip
        raise UserError(message, (finding,))
    return total

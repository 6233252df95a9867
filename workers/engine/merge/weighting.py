"""Weighted sums that more than one method takes."""

from collections.abc import Sequence

import torch

from workers.contracts.errors import UserError
from workers.contracts.findings import Finding


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

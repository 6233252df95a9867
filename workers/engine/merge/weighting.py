"""Weighted sums that more than one method takes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from kernels.late import torch
from workers.contracts.errors import UserError
from workers.contracts.findings import Finding


def weighted_sum(
    vectors: Sequence[torch.Tensor], weights: Sequence[float], divisor: float, out: torch.Tensor, scratch: torch.Tensor
) -> torch.Tensor:
    """Σ w_i·x_i / divisor into `out`. Multiply and add are separate: a fused step rounds differently from plain torch.

    `out` and `scratch` are no vectors of the sum. A weight of one needs no product.
    """
    size = out.numel()
    total = vectors[0] if weights[0] == 1.0 else torch.mul(vectors[0], weights[0], out=out)
    for vector, weight in zip(vectors[1:], weights[1:], strict=True):
        total = torch.add(total, vector if weight == 1.0 else torch.mul(vector, weight, out=scratch[:size]), out=out)
    if divisor != 1.0:
        return torch.div(total, divisor, out=out)
    return total if total is out else out.copy_(total)


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


def l1_factor(before: float, after: float) -> float:
    """Σ|τ| / Σ|kept τ|, so that as much is changed as before; one where nothing is kept. No more than float32 holds: what is dropped
    times infinity would be no number."""
    return min(before / after, float(np.finfo(np.float32).max)) if after > 0 else 1.0

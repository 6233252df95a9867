"""BLEND: base plus coefficients times changes, with a gradient for the coefficients alone."""

from collections.abc import Sequence
from typing import Any

import torch


class Blend(torch.autograd.Function):
    """b + Σ_i c_i·τ_i, or with shares c_i[share]·τ_i. Keeps references to the changes alone, no product."""

    @staticmethod
    def forward(
        ctx: Any, coefficients: torch.Tensor, base: torch.Tensor, changes: Sequence[torch.Tensor], held: Sequence[torch.Tensor] | None
    ) -> torch.Tensor:  # fmt: skip
        ctx.changes, ctx.held, ctx.shape = changes, held, coefficients.shape
        result = base.clone()
        for index, change in enumerate(changes):
            result.add_(change * _factors(coefficients[index], held, index, change))
        return result

    @staticmethod
    def backward(ctx: Any, *gradients: torch.Tensor) -> tuple[torch.Tensor, None, None, None]:
        # Summed in float64: single entries are many and small.
        found = torch.zeros(ctx.shape, dtype=torch.float64, device=gradients[0].device)
        for index, change in enumerate(ctx.changes):
            product = (gradients[0] * change).double().flatten()
            if ctx.held is None:
                found[index, 0] = product.sum()
            else:
                found[index].index_add_(0, ctx.held[index].long(), product)
        return found.float(), None, None, None


def _factors(row: torch.Tensor, held: Sequence[torch.Tensor] | None, index: int, change: torch.Tensor) -> torch.Tensor:
    return row[0] if held is None else row[held[index].long()].view(change.shape)

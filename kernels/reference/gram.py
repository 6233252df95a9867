"""Inner products of whole tensors: what slerp, model stock and Karcher means need to know of them."""

from __future__ import annotations

from collections.abc import Sequence

from kernels.late import torch

# Elements per partial sum.
CHUNK = 1 << 20


def gram(base: torch.Tensor | None, sources: Sequence[torch.Tensor]) -> torch.Tensor:
    """G_ij = (θ_i − b)·(θ_j − b), or θ_i·θ_j without a base.

    The diagonal holds the squared norms: with two sources this is ‖a‖², ‖b‖² and a·b in one pass.

    Args:
        base: `[n]` or None. sources: each `[n]`, any floating format and stride; differences are taken in float32.

    Returns:
        float64 `[k, k]` on the CPU, symmetric.

    Determinism: products are added in float64 over chunks of 1 Mi elements, and the chunks' sums in order.
    """
    count = len(sources)
    total = torch.zeros(count, count, dtype=torch.float64)
    for start in range(0, sources[0].numel(), CHUNK):
        part = slice(start, start + CHUNK)
        under = 0.0 if base is None else base[part].float()
        vectors = [(source[part].float() - under).double() for source in sources]
        for row in range(count):
            for column in range(row + 1):
                total[row, column] += (vectors[row] * vectors[column]).sum().cpu()
    return total + total.tril(-1).T


def kept_sums(before: torch.Tensor, after: torch.Tensor) -> tuple[float, float]:
    """Σ|before| and Σ|after| of two `[n]`: in float64 over chunks of 1 Mi elements, and the chunks' sums in order."""
    totals = [0.0, 0.0]
    for start in range(0, before.numel(), CHUNK):
        for index, values in enumerate((before, after)):
            totals[index] += values[start : start + CHUNK].double().abs_().sum().item()
    return totals[0], totals[1]

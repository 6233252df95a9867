"""Arcee fusion: takes over from the source only the entries whose change matters most."""

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
import torch

from workers.engine.merge.step import REDUCTION, MergeStep

EPSILON = 1e-8


def merge(step: MergeStep) -> torch.Tensor:
    """Keeps the changes whose importance stands out, by a threshold that each tensor sets for itself.

    I = |θ − b|·KL(p ‖ q), p = softmax(θ) + 1e-8 and q = softmax(b) + 1e-8 along the last axis, one divergence for each row;
    s_q the entry of rank ⌊q·(N − 1)⌋ of I, the smallest having rank 0;  result = b + [I ≥ s_½ + 1.5·(s_¾ − s_¼)]·(θ − b).

    Source: mergekit 0.1.5, `arcee_fusion`. Deviations: divergences in float64, where float32 rounds small ones to noise;
        quantiles are exact, where mergekit draws 10^6 entries of a larger tensor at random.

    Args:
        step: a base and one source `[N]`. No parameters.

    Returns:
        `[N]` in the step's dtype.

    Raises:
        ValueError: the plan has no base.

    Cost: change and importance in full; quantiles by selection.
    Determinism: rows are summed in float64; selection is exact.
    """
    if step.base is None:
        raise ValueError(f"{step.name}: arcee_fusion goes from a base to a source, and the plan has no base.")
    change = step.whole(0).reshape(-1)
    if step.elements:
        importance = change.abs()
        for start, divergence in _divergences(step, step.base, step.sources[0]):
            rows = importance[start : start + divergence.numel() * _width(step)].view(divergence.numel(), -1)
            rows.mul_(divergence.to(rows.dtype)[:, None])
        kept = importance >= _threshold(importance.numpy())
        step.measures.kept = [int(kept.count_nonzero())]
        change.mul_(kept)
    return step.combine(lambda vectors, start: change[start : start + vectors[0].numel()])


def _width(step: MergeStep) -> int:
    return step.shape[-1] if step.shape else 1


def _divergences(step: MergeStep, base: torch.Tensor, source: torch.Tensor) -> Iterator[tuple[int, torch.Tensor]]:
    """KL(p ‖ q) of some rows at a time, float64, and the flat index of the first."""
    width = _width(step)
    length = max(1, REDUCTION // width) * width
    for start in range(0, step.elements, length):
        p, q = (
            tensor[start : start + length].double().view(-1, width).softmax(dim=1).add_(EPSILON)
            for tensor in (source, base)
        )
        yield start, (p * (p / q).log_()).sum(dim=1)


def _threshold(importance: npt.NDArray[np.floating]) -> float:
    """Median and one and a half interquartile ranges."""
    last = importance.size - 1
    lower, middle, upper = (int(share * last) for share in (0.25, 0.5, 0.75))
    ordered = np.partition(importance, (lower, middle, upper))
    return float(ordered[middle] + 1.5 * (ordered[upper] - ordered[lower]))

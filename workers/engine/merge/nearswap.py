"""NearSwap: pulls the base towards the source where they are close already."""

from collections.abc import Sequence

import torch

from workers.engine.merge.step import MergeStep

SMALLEST = 1e-6


def merge(step: MergeStep) -> torch.Tensor:
    """Interpolates every entry by how close the two models are there.

    ω = clamp(t / max(|b − θ|, 1e-6), 0, 1);  result = ω·θ + (1 − ω)·b: entries that differ by no more than t become the
    source's, others move by t towards it.

    Source: mergekit 0.1.5, `nearswap`, after alchemonaut's "QuartetAnemoi".

    Args:
        step: a base and one source `[N]`. Parameters: `t` ≥ 0, a distance in the units of the weights.

    Returns:
        `[N]` in the step's dtype.

    Determinism: elementwise.
    """
    reach = float(step.parameters["t"])
    out = step.buffer()

    def change(deltas: Sequence[torch.Tensor], start: int) -> torch.Tensor:
        delta, share = deltas[0], out[: deltas[0].numel()]
        torch.abs(delta, out=share).clamp_min_(SMALLEST).reciprocal_().mul_(reach).clamp_max_(1.0)
        return share.mul_(delta)

    return step.combine(change)

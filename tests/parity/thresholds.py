"""The entries of which a threshold cannot tell who stays: those as large as the threshold itself, to the rounding of the scores."""

from collections.abc import Callable

import torch

from tests.parity.ours import Planned
from workers.contracts.plans import TensorStep

Scores = Callable[[torch.Tensor, list[torch.Tensor], TensorStep], list[tuple[torch.Tensor, list[float]]]]
ROUNDING = 4e-6


def tied(planned: Planned, step: TensorStep) -> torch.Tensor:
    """Mask in the tensor's shape; nothing is tied where the plan copies."""
    tensors = [tensor.float() for tensor in planned.inputs(step)]
    mask = torch.zeros(step.shape, dtype=torch.bool)
    if step.operation == "copy":
        return mask
    for scores, thresholds in SCORES[planned.plan.method](tensors[0], tensors[1:], step):
        for threshold in thresholds:
            mask |= (scores - threshold).abs() <= ROUNDING * abs(threshold)
    return mask


def _magnitude(
    base: torch.Tensor, sources: list[torch.Tensor], step: TensorStep
) -> list[tuple[torch.Tensor, list[float]]]:
    """Trimming to the largest: |τ|, at the k-th."""
    found = []
    for source, density in zip(sources, step.parameters["density"], strict=True):
        scores = (source - base).abs()
        keep = max(1, int(density * scores.numel()))
        if density < 1:
            found.append((scores, [scores.flatten().sort(descending=True).values[keep - 1].item()]))
    return found


SCORES: dict[str, Scores] = {"ties": _magnitude}

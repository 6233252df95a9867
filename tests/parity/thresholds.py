"""The entries of which a threshold cannot tell who stays: those as large as the threshold itself, to the rounding of the scores."""

from collections.abc import Callable

import torch

from tests.parity.ours import Planned
from workers.contracts.plans import TensorStep

Scores = Callable[[torch.Tensor, list[torch.Tensor], TensorStep], list[tuple[torch.Tensor, list[float]]]]
ROUNDING = 4e-6


def tied(planned: Planned, step: TensorStep) -> torch.Tensor:
    """Mask in the tensor's shape; nothing is tied where the plan copies."""
    tensors = planned.inputs(step)
    if not planned.is_native:
        tensors = [tensor.float() for tensor in tensors]
    mask = torch.zeros(step.shape, dtype=torch.bool)
    if step.operation == "copy":
        return mask
    for scores, thresholds in SCORES[planned.plan.method](tensors[0], tensors[1:], step):
        scores = scores.float()
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


def _middle(
    base: torch.Tensor, sources: list[torch.Tensor], step: TensorStep
) -> list[tuple[torch.Tensor, list[float]]]:
    """Trimming from both ends: |τ| in rising order, at the first and the last that is kept and their neighbours outside."""
    found = []
    for source, density, gamma in zip(sources, step.parameters["density"], step.parameters["gamma"], strict=True):
        scores = (source - base).abs()
        size, keep, top = scores.numel(), int(density * scores.numel()), int(gamma * scores.numel())
        first = max(0, size - keep - top)
        if density < 1:
            rising = scores.flatten().sort().values
            places = {first - 1, first, first + keep - 1, first + keep} & set(range(size))
            found.append((scores, [rising[place].item() for place in places]))
    return found


def _variance(
    base: torch.Tensor, sources: list[torch.Tensor], step: TensorStep
) -> list[tuple[torch.Tensor, list[float]]]:
    """Selecting what varies most between the models."""
    scores = torch.stack([source - base for source in sources]).var(0, unbiased=False)
    share = step.parameters["select_topk"]
    keep = int(int(scores.count_nonzero()) * share)
    if share >= 1 or keep < 1:
        return []
    return [(scores, [scores.flatten().sort(descending=True).values[keep - 1].item()])]


def _importance(
    base: torch.Tensor, sources: list[torch.Tensor], step: TensorStep
) -> list[tuple[torch.Tensor, list[float]]]:
    """|θ − b| times the divergence of the rows: at the median and half as much again as the middle half is wide."""
    source, tiny = sources[0], 1e-8
    ours, theirs = (side.softmax(-1) + tiny for side in (source, base))
    divergence = (ours * (ours / theirs).log()).sum(-1, keepdim=True)
    scores = (source - base).abs() * divergence
    rising = scores.flatten().sort().values
    low, middle, high = (rising[int(share * (rising.numel() - 1))].item() for share in (0.25, 0.5, 0.75))
    return [(scores, [middle + 1.5 * (high - low)])]


SCORES: dict[str, Scores] = {
    "ties": _magnitude, "breadcrumbs": _middle, "breadcrumbs_ties": _middle, "sce": _variance, "arcee_fusion": _importance,
}  # fmt: skip

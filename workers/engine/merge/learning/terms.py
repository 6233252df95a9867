"""TERMS of what coefficients are learned by, beside the losses of plain training."""

import torch

from workers.engine.merge.learning.mixture import Answer
from workers.engine.train.losses import Batch, Term


def entropy(sources: int) -> Term:
    """Σ over datasets of the mean entropy −Σ_y p(y|x)·log p(y|x) of the answers to their examples; logits `[b, K]`."""

    def value(answer: Answer, batch: Batch) -> torch.Tensor:
        chances = torch.log_softmax(answer.logits, dim=-1)
        each = -(chances.exp() * chances).sum(dim=-1)
        return sum_over_tasks(each, answer.task, sources)

    return Term("entropy", value)


def sum_over_tasks(
    each: torch.Tensor, task: torch.Tensor, sources: int, weights: torch.Tensor | None = None
) -> torch.Tensor:
    """Σ_k w_k·(mean of `each` over the examples of task k). `each` and `task` `[b]`."""
    means = [each[task == number].mean() for number in range(sources) if bool((task == number).any())]
    held = [number for number in range(sources) if bool((task == number).any())]
    total = torch.stack(means)
    return total.sum() if weights is None else (total * weights.to(total)[held]).sum()


def length(norm: int, weight: float) -> Term:
    """‖c‖_p over the sources, meaned over tensors and shares: keeps coefficients small."""

    def value(answer: Answer, batch: Batch) -> torch.Tensor:
        return torch.cat([c.norm(p=norm, dim=0) for c in answer.coefficients]).mean()

    return Term(f"l{norm}_norm", value, weight)


def distance(start: float, weight: float, sources: int) -> Term:
    """n·mean |c − c_0|: how far coefficients have gone from where they began."""

    def value(answer: Answer, batch: Batch) -> torch.Tensor:
        return sources * torch.cat([(c - start).abs().flatten() for c in answer.coefficients]).mean()

    return Term("distance", value, weight)

"""Methods that read from the changes what goes in, in the format of the inputs. Formulas as in the methods of the same names."""

import itertools

import torch

from workers.engine.merge.compat.changes import largest
from workers.engine.merge.compat.whole import required
from workers.engine.merge.step import MergeStep


def model_stock(step: MergeStep, base: torch.Tensor | None, sources: list[torch.Tensor]) -> torch.Tensor:
    base = required(step, base)
    by_row = bool(step.parameters["filter_wise"]) and base.dim() > 0
    start, ends = (base, sources) if by_row else (base.reshape(-1), [source.reshape(-1) for source in sources])
    changes = [end - start for end in ends]
    cosines = [
        ((one * other).sum(dim=-1) / (one.norm(dim=-1) * other.norm(dim=-1)).clamp(min=1e-6)).clamp(-1, 1)
        for one, other in itertools.combinations(changes, 2)
    ]
    cosine, count = torch.stack(cosines).mean(dim=0).unsqueeze(-1), len(sources)
    divisor = 1 + (count - 1) * cosine
    singular = divisor.abs() < 1e-6
    t = torch.where(singular, 0, count * cosine / torch.where(singular, 1, divisor))
    return (t * (sum(ends) / count) + (1 - t) * start).reshape(base.shape)


def sce(step: MergeStep, base: torch.Tensor | None, sources: list[torch.Tensor]) -> torch.Tensor:
    """All sources weigh the same where their mean squares add up to less than 1e-6."""
    base = required(step, base)
    changes = torch.stack([source - base for source in sources])
    share = float(step.parameters["select_topk"])
    if share < 1:
        variance = torch.var(changes, dim=0, correction=0)
        selected = largest(variance, int(int(torch.count_nonzero(variance)) * share))
        changes = changes * selected.to(changes.dtype)
    agree = changes.sign() == torch.where(changes.sum(dim=0) >= 0, 1, -1).to(torch.int8)
    squares = changes.square().reshape(len(sources), -1).mean(dim=1)
    total = squares.sum().item()
    weights = squares / total if abs(total) >= 1e-6 else torch.ones_like(squares) / len(sources)
    weighing = weights.view(-1, *[1] * base.dim()) * agree
    return base + (changes * weighing).sum(dim=0) / weighing.sum(dim=0).clamp(min=1e-6)


def arcee_fusion(step: MergeStep, base: torch.Tensor | None, sources: list[torch.Tensor]) -> torch.Tensor:
    """Quantiles are exact for tensors of any size; mergekit draws 10^6 entries of larger ones."""
    base, source = required(step, base), sources[0]
    if not step.elements:
        return base
    p, q = (torch.softmax(tensor, dim=-1) + 1e-8 for tensor in (source, base))
    importance = (source - base).abs() * (p * (p / q).log()).sum(dim=-1, keepdim=True)
    ordered = importance.reshape(-1).sort().values
    lower, middle, upper = (ordered[int(share * (step.elements - 1))] for share in (0.25, 0.5, 0.75))
    return base + (source - base) * (importance >= middle + 1.5 * (upper - lower))


def nearswap(step: MergeStep, base: torch.Tensor | None, sources: list[torch.Tensor]) -> torch.Tensor:
    base, source = required(step, base), sources[0]
    share = (float(step.parameters["t"]) / (base - source).abs().clamp(min=1e-6)).clamp(0, 1)
    return share * source + (1 - share) * base


def ram(step: MergeStep, base: torch.Tensor | None, sources: list[torch.Tensor]) -> torch.Tensor:
    return _overlapping(step, required(step, base), sources, raises=False)


def ramplus_tl(step: MergeStep, base: torch.Tensor | None, sources: list[torch.Tensor]) -> torch.Tensor:
    """A source without changes of its own has the ratio of shared to ε; factors are float32, and so is what they touch."""
    return _overlapping(step, required(step, base), sources, raises=True)


def _overlapping(step: MergeStep, base: torch.Tensor, sources: list[torch.Tensor], *, raises: bool) -> torch.Tensor:
    smallest = float(step.parameters["epsilon"])
    changes = torch.stack([source - base for source in sources]).view(len(sources), -1)
    changed = changes.abs() > smallest
    count = changed.sum(dim=0, keepdim=True, dtype=torch.int32)
    changes.mul_(changed)
    shared = changes * (count > 1)
    shared.div_(count.clamp(min=1))
    alone = changes.mul_(count == 1)
    if raises:
        overlaps, own = (changed & (count > 1)).sum(dim=1), (changed & (count == 1)).sum(dim=1)
        ratio = (overlaps / own.clamp(min=smallest)).clamp(0, float(step.parameters["alpha"]))
        alone = alone * (1 + float(step.parameters["r"]) * ratio).unsqueeze(-1)
    merged = (alone + shared).sum(dim=0)
    return base + merged.view(base.shape)


def passthrough(step: MergeStep, base: torch.Tensor | None, sources: list[torch.Tensor]) -> torch.Tensor:
    (scale,) = step.each("scale")
    return sources[0] if scale == 1.0 else sources[0] * scale

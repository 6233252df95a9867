"""SCE: select the entries in which the sources differ, calculate a weight for each source, erase minority signs."""

from collections.abc import Iterator, Sequence

import torch

from kernels.select import Bits, Threshold, Trimmer, magnitude_bits, sample_stride, threshold
from workers.engine.merge.step import MergeStep

SMALLEST = 1e-6


def merge(step: MergeStep) -> torch.Tensor:
    """Merges, of the entries in which the sources' changes vary most, those that agree on the sign, weighted by their size.

    τ_i = θ_i − b.  Select: S, the k = ⌊select_topk·#(v > 0)⌋ entries of the largest variance v of τ over the sources, lowest flat
    index first among equals; all entries where select_topk is 1.  Calculate: ω_i = Σ (S·τ_i)² / Σ_j Σ (S·τ_j)².
    Erase: s = sign(Σ S·τ_i), a zero sum elects +;  A_i = [S·τ_i·s > 0].   θ = b + Σ A_i·ω_i·τ_i / max(Σ A_i·ω_i, 1e-6).

    Source: Wan et al. 2024, "FuseChat", arXiv:2408.07990, section 3.3 (SCE). Deviation: a matrix is a tensor of any shape.
        mergekit gives all sources one weight where the mean squares add up to less than 1e-6, which those of most fine-tunes
        do; here they do so only where nothing changed.

    Args:
        step: a base and n ≥ 1 sources `[N]`. Parameters: `select_topk` in [0, 1].

    Returns:
        `[N]` in the step's dtype; the base where nothing is selected.

    Cost: about 3 % of N besides the result; three passes, five where select_topk is below 1.
    Determinism: selection is exact; squares are added in float64, in order.
    """
    selection = _Selection(step)
    weights = _weights(step, selection)
    selection.restart()
    agreed = 0

    def change(deltas: Sequence[torch.Tensor], start: int) -> torch.Tensor:
        nonlocal agreed
        kept = selection.of(deltas)
        total = kept[0].clone()
        for delta in kept[1:]:
            total.add_(delta)
        elected = torch.where(total >= 0, 1.0, -1.0).to(total.dtype)
        merged, divisor = total.zero_(), torch.zeros_like(total)
        for delta, weight in zip(kept, weights, strict=True):
            agrees = delta * elected > 0
            agreed += int(agrees.count_nonzero())
            merged.add_(delta.mul(agrees).mul_(weight))
            divisor.add_(agrees.to(delta.dtype).mul_(weight))
        return merged.div_(divisor.clamp_min_(SMALLEST))

    result = step.combine(change)
    step.measures.kept, step.measures.agreed = [selection.count] * len(weights), float(agreed)
    return result


class _Selection:
    """S, stretch by stretch from the first entry to the last."""

    def __init__(self, step: MergeStep) -> None:
        share, size = float(step.parameters["select_topk"]), step.elements
        self.count = size
        self._limit: Threshold | None = None
        if share < 1 and size:
            varying = sum(int(variance(deltas).count_nonzero()) for _, deltas in step.together())
            self.count = int(varying * share)
            self._limit = self._threshold(step) if self.count else None
        self._all = share >= 1
        self.restart()

    def restart(self) -> None:
        self._trimmer = Trimmer(self._limit) if self._limit is not None else None

    def of(self, deltas: Sequence[torch.Tensor]) -> list[torch.Tensor]:
        """S·τ_i of each source."""
        if self._all:
            return list(deltas)
        if self._trimmer is None:
            return [torch.zeros_like(delta) for delta in deltas]
        spread = variance(deltas)
        selected = self._trimmer.trim(spread, torch.empty_like(spread)) != 0
        return [delta * selected for delta in deltas]

    def _threshold(self, step: MergeStep) -> Threshold:

        def bits(deltas: Sequence[torch.Tensor]) -> Bits:
            spread = variance(deltas)
            return magnitude_bits(spread, torch.empty(spread.numel(), dtype=step.patterns)).numpy()

        def visit() -> Iterator[Bits]:
            return (bits(deltas) for _, deltas in step.together())

        stride = sample_stride(step.elements)
        sample = bits([step.sample(index, stride) for index in range(len(step.sources))])
        return threshold(visit, sample, step.elements, self.count)


def variance(deltas: Sequence[torch.Tensor]) -> torch.Tensor:
    """Of each entry over the sources, dividing by their number; a buffer of its own."""
    mean = deltas[0].clone()
    for delta in deltas[1:]:
        mean.add_(delta)
    mean.div_(len(deltas))
    spread, away = torch.zeros_like(mean), torch.empty_like(mean)
    for delta in deltas:
        spread.add_(torch.sub(delta, mean, out=away).square_())
    return spread.div_(len(deltas))


def _weights(step: MergeStep, selection: _Selection) -> list[float]:
    """ω_i; equal ones where nothing changed."""
    squares = [0.0] * len(step.sources)
    for _, deltas in step.together():
        for index, delta in enumerate(selection.of(deltas)):
            squares[index] += delta.double().square_().sum().item()
    total = sum(squares)
    return [square / total if total > 0 else 1 / len(squares) for square in squares]

"""PCB-Merging: parameters compete, within a model by size and between models by agreement; the losers are dropped."""

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import torch

from kernels.dispatch import kernel
from workers.engine.merge.mapping import observe
from workers.engine.merge.order_statistics import order_statistics, settled_alone
from workers.engine.merge.step import STRETCH, MergeStep, stretches

CLAMPED = 1e-4  # of each row's magnitudes, at either end


def merge(step: MergeStep) -> torch.Tensor:
    """Parameter competition balancing.

    Rows are the sources; statistics run over a source's whole change (`scope: global`) or over this tensor (`tensor`).
    a_i = |τ_i| clamped to its ⌊10⁻⁴·D⌋-th and ⌊(1 − 10⁻⁴)·D − 1⌋-th smallest value;  τ'_i = sign(τ_i)·a_i;
    intra_i = exp(n·minmax(a_i)²);  inter_i = tanh(τ_i·Σ_j τ_j);  P_i = intra_i·inter_i, clipped from below at its
    ⌊(1 − ratio)·D⌋-th smallest value;  S_i = minmax(P_i);  θ = b + λ·Σ w_i·τ'_i·S_i / max(Σ S_i, 10⁻¹²).

    Source: Du et al. 2024, "Parameter competition balancing for model merging", arXiv:2410.02396, section 3.2 and algorithm 1;
        the ranks are those of its code. w_i is the λ_i that it searches with evolution strategies. Deviations: intra is divided
        by eⁿ, which cancels in S; the largest P scores 1 and all else 0 where a row is constant (0/0 there); order statistics
        are of values rounded to float32, as P is, and leave out entries that are not finite; `scope: tensor` is ours.

    Args:
        step: a base and n ≥ 1 sources `[N]`. Parameters: `weight` per source, `ratio` in (0, 1], `lambda`, `scope`.

    Returns:
        `[N]` in the step's dtype.

    Cost: five passes, four of them over the whole model before the first tensor is made; a few MiB.
    Determinism: order statistics are exact, sums run in recipe order, all passes walk the same stretches.
    """
    weights, scale = step.each("weight"), float(step.parameters["lambda"])
    settled = settled_alone(step, ROUNDS) if step.parameters["scope"] == "tensor" else step.settled
    if step.fused:
        return _share_out(step, settled, weights, scale)
    kept = [0] * len(weights)

    def change(deltas: Sequence[torch.Tensor], start: int) -> torch.Tensor:
        total, scores = torch.zeros_like(deltas[0]), torch.zeros_like(deltas[0])
        for index, (clamped, competition) in enumerate(_competitions(step, settled, deltas)):
            score = _share(competition, *(settled["competition"].get(_row(step, index)) or (0.0, 0.0)))
            kept[index] += int(score.count_nonzero())
            scores.add_(score)
            total.add_(score.mul_(clamped).mul_(weights[index]))
        return total.div_(scores.clamp_(min=1e-12)).mul_(scale)

    result = step.combine(change)
    step.measures.kept = list(kept)
    return result


def _share_out(step: MergeStep, settled: Mapping[str, Any], weights: list[float], scale: float) -> torch.Tensor:
    """The last pass by a kernel on the step's device."""
    shared = kernel("share_out", step.device)(
        step.base, step.sources, _bounds(step, settled["magnitudes"]), _bounds(step, settled["competition"]),
        weights=weights, scale=scale, dtype=step.dtype, merged=True,
    )  # fmt: skip
    observe(step, shared.result, lambda part: shared.merged[part])
    step.measures.kept = shared.kept
    result: torch.Tensor = shared.result
    return result


def _bounds(step: MergeStep, found: Mapping[str, Any]) -> list[tuple[float, float]]:
    return [found.get(str(source)) or (0.0, 0.0) for source in step.source_ids]


def _count(step: MergeStep, uppers: list[list[int]] | None) -> torch.Tensor:
    """Magnitudes until their range is settled, competitions after that."""
    bounds = _bounds(step, step.settled["magnitudes"]) if "magnitudes" in step.settled else None
    counts: torch.Tensor = kernel("competition_counts", step.device)(step.base, step.sources, bounds, uppers)
    return counts


def _row(step: MergeStep, index: int) -> str:
    return str(step.source_ids[index])


def _share(values: torch.Tensor, lowest: float, highest: float) -> torch.Tensor:
    """minmax of the values clipped to [lowest, highest]; where these are one, 1 from there on and 0 below."""
    if highest > lowest:
        return values.clamp(lowest, highest).sub_(lowest).div_(highest - lowest)
    return (values >= highest).to(values.dtype)


def _competitions(
    step: MergeStep, settled: Mapping[str, Any], deltas: Sequence[torch.Tensor]
) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
    """(τ'_i, P_i) of one stretch, source by source."""
    total = deltas[0].clone()
    for delta in deltas[1:]:
        total.add_(delta)
    for index, delta in enumerate(deltas):
        # A source without finite changes has no bounds.
        low, high = settled["magnitudes"].get(_row(step, index)) or (0.0, 0.0)
        clamped = delta.abs().clamp_(low, high)
        # exp(n·(s² − 1)) is at most one, however many sources there are.
        intra = _share(clamped, low, high).square_().sub_(1.0).mul_(len(deltas)).exp_()
        competition = intra.mul_(torch.tanh(delta * total)).to(torch.float32)
        yield clamped.mul_(delta.sign()), competition.to(step.maths)


def _visit_magnitudes(step: MergeStep) -> Iterator[tuple[str, torch.Tensor]]:
    vector, scratch = step.buffer(), step.buffer()
    for index in range(len(step.sources)):
        for _, stretch in step.vectors(index, vector, scratch):
            yield _row(step, index), stretch.abs_()


def _visit_competitions(step: MergeStep) -> Iterator[tuple[str, torch.Tensor]]:
    for start, stop in stretches(step.elements, STRETCH):
        base = step.base[start:stop].to(step.maths) if step.base is not None else 0.0
        deltas = [source[start:stop].to(step.maths) - base for source in step.sources]
        for index, (_, competition) in enumerate(_competitions(step, step.settled, deltas)):
            yield _row(step, index), competition


def _is_global(parameters: Mapping[str, Any]) -> bool:
    return bool(parameters["scope"] == "global")


ROUNDS = (
    *order_statistics(
        "magnitudes",
        _visit_magnitudes,
        lambda parameters, size: (int(size * CLAMPED), int(size * (1 - CLAMPED) - 1)),
        _is_global,
        _count,
    ),
    *order_statistics(
        "competition",
        _visit_competitions,
        lambda parameters, size: (math.floor(size * (1 - float(parameters["ratio"]))), size - 1),
        _is_global,
        _count,
    ),
)

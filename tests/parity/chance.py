"""What can be said of results that are drawn at random: shares, factors and means, each within its own error of chance."""

import math
from collections.abc import Mapping, Sequence

import torch

from tests.parity.ours import Planned, Run

# Standard errors. Over the few thousand numbers that are compared, one beyond four happens; one beyond five hardly.
STANDARD_ERRORS = 5.0


def dropped(ours: Sequence[Run], theirs: Sequence[Run], planned: Planned) -> str:
    """One source, dropped at random: both sides keep the asked share, scale all that is kept by one factor, and that alike."""
    for side, runs in (("ours", ours), ("theirs", theirs)):
        for run in runs:
            if found := _kept_alike(run, planned):
                return f"{side}: {found}"
    return _lengths(ours[0], theirs[0], planned) or _draws_differ(ours)


def _kept_alike(run: Run, planned: Planned) -> str:
    count = kept = 0
    tensors = run.tensors
    for step in planned.plan.steps:
        base, source = (tensor.double() for tensor in planned.inputs(step))
        change, weight = tensors[step.name].double() - base, step.parameters["weight"][0] * step.parameters["lambda"]
        is_kept = change.abs() > 1e-7
        count, kept = count + change.numel(), kept + int(is_kept.sum())
        delta = (source - base) * weight
        factor = _factor(delta, is_kept, step.parameters.get("rescale"), step.parameters["density"][0])
        # A change next to zero has lost its digits in the subtraction.
        error = (change - factor * delta)[is_kept].abs()
        if error.numel() and not error.max().item() <= 1e-6 * max(1.0, base.abs().max().item()):
            return f"{step.name}: kept entries are not {factor:.6f} times their change, off by {error.max().item():.2g}"
    density = planned.plan.steps[0].parameters["density"][0]
    error = STANDARD_ERRORS * math.sqrt(density * (1 - density) / count)
    return "" if abs(kept / count - density) <= error else f"{kept / count:.4f} of the entries are kept, not {density}"


def _factor(delta: torch.Tensor, is_kept: torch.Tensor, rescale: object, density: float) -> float:
    if rescale == "none":
        return 1.0
    if rescale == "inverse":
        return 1.0 / density
    left = delta[is_kept].abs().sum().item()
    return delta.abs().sum().item() / left if left else 1.0


def _lengths(ours: Run, theirs: Run, planned: Planned) -> str:
    """The squared length of the whole change: Σ f²·τ²·B has the variance f⁴·d(1−d)·Στ⁴ on each side."""
    square, variance = [0.0, 0.0], 0.0
    sides = (ours.tensors, theirs.tensors)
    for step in planned.plan.steps:
        base, source = (tensor.double() for tensor in planned.inputs(step))
        density = step.parameters["density"][0]
        changes = [side[step.name].double() - base for side in sides]
        square = [total + change.square().sum().item() for total, change in zip(square, changes, strict=True)]
        scale = step.parameters["weight"][0] * step.parameters["lambda"]
        factor = scale if step.parameters.get("rescale") == "none" else scale / density
        variance += 2 * factor**4 * density * (1 - density) * (source - base).pow(4).sum().item()
    apart = abs(square[0] - square[1]) / math.sqrt(variance)
    return "" if apart <= STANDARD_ERRORS else f"the lengths are {apart:.1f} standard errors apart"


def _draws_differ(runs: Sequence[Run]) -> str:
    if len(runs) < 2:
        return ""
    first, second = runs[0].tensors, runs[1].tensors
    return "" if any(not torch.equal(first[name], second[name]) for name in first) else "two seeds give one result"


def expected(ours: Sequence[Run], theirs: Sequence[Run], planned: Planned) -> str:
    return means([run.tensors for run in ours], [run.tensors for run in theirs])


def means(mine: Sequence[Mapping[str, torch.Tensor]], its: Sequence[Mapping[str, torch.Tensor]]) -> str:
    """Many seeds: the means of both sides agree, entry by entry, as the means of two samples of one distribution do."""
    squares, count, worst = 0.0, 0, 0.0
    for name in its[0]:
        sides = [torch.stack([tensors[name].double() for tensors in side]) for side in (mine, its)]
        variance = sum(side.var(0) / side.shape[0] for side in sides)
        difference = sides[0].mean(0) - sides[1].mean(0)
        varies = variance > 1e-14
        if not bool((difference[~varies].abs() <= 1e-6).all()):
            return f"{name}: entries that no draw changes differ"
        scores = difference[varies].square() / variance[varies]
        squares, count = squares + scores.sum().item(), count + scores.numel()
        worst = max(worst, scores.max().item() if scores.numel() else 0.0)
    if not count:
        return ""
    # Each score is the square of a t with 2(k − 1) degrees of freedom: mean (n/(n − 2)), variance a little above 2.
    freedom = 2 * (len(mine) - 1)
    mean, error = freedom / (freedom - 2), math.sqrt(2.4 / count)
    apart = (squares / count - mean) / error
    if not apart <= STANDARD_ERRORS:
        return (
            f"the means over {len(mine)} seeds are too far apart: {squares / count:.3f} where chance gives {mean:.3f}"
        )
    return "" if worst < 49 else f"one mean is {math.sqrt(worst):.1f} standard errors from the other"

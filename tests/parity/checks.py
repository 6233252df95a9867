"""How two results of one recipe are compared, by the class of its method. Each check gives "" or what differs.

Tolerances: copied tensors are equal to the bit; elementwise arithmetic in float32 to 1e-6, relative and of the largest entry;
results in a short format to one step of that format (`ulp`); what a threshold selects wherever no entry is as large as the
threshold (`selection`). What is drawn at random is compared by its statistics (`chance`).
"""

from collections.abc import Callable, Mapping, Sequence

import torch

from tests.parity import chance, thresholds
from tests.parity.ours import Planned, Run

Check = Callable[[Sequence[Run], Sequence[Run], Planned], str]
RELATIVE = 1e-6


def exact(ours: Sequence[Run], theirs: Sequence[Run], planned: Planned) -> str:
    return _tensors(ours, theirs, lambda name, mine, its: _unequal(mine, its))


def elementwise(ours: Sequence[Run], theirs: Sequence[Run], planned: Planned) -> str:
    return _tensors(ours, theirs, lambda name, mine, its: _distance(mine, its))


def ulp(ours: Sequence[Run], theirs: Sequence[Run], planned: Planned) -> str:
    return _tensors(ours, theirs, lambda name, mine, its: _steps(mine, its))


def selection(ours: Sequence[Run], theirs: Sequence[Run], planned: Planned) -> str:
    steps = {step.name: step for step in planned.plan.steps}

    def compare(name: str, mine: torch.Tensor, its: torch.Tensor) -> str:
        step = steps[name]
        tied = thresholds.tied(planned, step)
        rest = ~tied
        is_short = mine.dtype in (torch.bfloat16, torch.float16)
        compared = _distance if not is_short else _unequal if planned.is_native else _steps
        found = compared(mine[rest], its[rest])
        if found or not tied.any() or len(step.inputs) > 2:
            return found
        # Which of the equal ones stay is free, how many is not: one source shows it.
        base = planned.inputs(step)[0].to(mine.dtype)
        counts = [int((side[tied] != base[tied]).sum()) for side in (mine, its)]
        return (
            "" if counts[0] == counts[1] else f"{counts[0]} of {int(tied.sum())} equal entries stay, {counts[1]} there"
        )

    return _tensors(ours, theirs, compare)


def tokens(ours: Sequence[Run], theirs: Sequence[Run], planned: Planned) -> str:
    """Tables row by row in the order of one side's tokens, then rows without one; everything else as elementwise arithmetic.

    mergekit numbers new tokens in the order of a hash table, which differs from run to run.
    """
    mine, its = ours[0].vocabulary, theirs[0].vocabulary
    if mine.keys() != its.keys():
        return f"{len(mine)} tokens, {len(its)} there; only one side has {sorted(mine.keys() ^ its.keys())[:5]}"
    sizes = [run.config["vocab_size"] for run in (ours[0], theirs[0])]
    if sizes[0] != sizes[1]:
        return f"{sizes[0]} rows, {sizes[1]} there"
    tables = planned.plan.vocabulary.tables if planned.plan.vocabulary is not None else {}
    places = [[*(vocabulary[token] for token in mine), *range(len(mine), sizes[0])] for vocabulary in (mine, its)]

    def compare(name: str, one: torch.Tensor, other: torch.Tensor) -> str:
        return _distance(one[places[0]], other[places[1]]) if name in tables else _distance(one, other)

    return _tensors(ours, theirs, compare)


def _tensors(
    ours: Sequence[Run], theirs: Sequence[Run], compare: Callable[[str, torch.Tensor, torch.Tensor], str]
) -> str:  # fmt: skip
    mine, its = ours[0].tensors, theirs[0].tensors
    if differing := _inventories(mine, its):
        return differing
    for name, tensor in its.items():
        if found := compare(name, mine[name], tensor):
            return f"{name}: {found}"
    return _configs(ours[0], theirs[0])


def _inventories(mine: Mapping[str, torch.Tensor], its: Mapping[str, torch.Tensor]) -> str:
    if mine.keys() != its.keys():
        return f"ours alone {sorted(mine.keys() - its.keys())[:3]}, theirs alone {sorted(its.keys() - mine.keys())[:3]}"
    for name, tensor in its.items():
        if mine[name].shape != tensor.shape or mine[name].dtype != tensor.dtype:
            return f"{name}: {tuple(mine[name].shape)} {mine[name].dtype}, theirs {tuple(tensor.shape)} {tensor.dtype}"
    return ""


def _configs(ours: Run, theirs: Run) -> str:
    for key in ("num_hidden_layers", "num_layers", "num_decoder_layers", "vocab_size"):
        if ours.config.get(key) != theirs.config.get(key):
            return f"config {key}: {ours.config.get(key)}, theirs {theirs.config.get(key)}"
    formats = [run.config.get("dtype", run.config.get("torch_dtype")) for run in (ours, theirs)]
    return "" if formats[0] == formats[1] else f"config dtype: {formats[0]}, theirs {formats[1]}"


def _unequal(mine: torch.Tensor, its: torch.Tensor) -> str:
    different = int((mine != its).sum())
    return f"{different} of {mine.numel()} entries differ" if different else ""


def _distance(mine: torch.Tensor, its: torch.Tensor) -> str:
    if not mine.numel():
        return ""
    size = max(1.0, its.double().abs().max().item())
    error = (mine.double() - its.double()).abs() - RELATIVE * its.double().abs()
    worst = error.max().item()
    return f"off by {worst:.2g}" if not worst <= RELATIVE * size else ""


def _steps(mine: torch.Tensor, its: torch.Tensor) -> str:
    """At most one step of the format apart: neighbouring bit patterns, counted from the most negative number up."""
    bits = [_ordered(side) for side in (mine, its)]
    apart = (bits[0] - bits[1]).abs()
    # Numbers of both signs around zero have few equal digits; there the sum's own rounding counts.
    near_zero = (mine.double() - its.double()).abs() <= RELATIVE * max(
        1.0, its.double().abs().max().item() if its.numel() else 1.0
    )
    wrong = (apart > 1) & ~near_zero
    return f"{int(wrong.sum())} of {mine.numel()} entries are more than one step apart" if bool(wrong.any()) else ""


def _ordered(tensor: torch.Tensor) -> torch.Tensor:
    if tensor.dtype == torch.float32:
        bits, half = tensor.view(torch.int32).to(torch.int64), 2**31
    else:
        bits, half = tensor.view(torch.int16).to(torch.int64), 2**15
    return torch.where(bits < 0, -half - bits, bits)


CHECKS: dict[str, Check] = {
    "exact": exact, "elementwise": elementwise, "ulp": ulp, "selection": selection, "dropped": chance.dropped,
    "expected": chance.expected, "tokens": tokens,
}  # fmt: skip

"""What a method must know about the whole model before it can make the first tensor: thresholds, ranges, global shares.

A method file that needs such numbers has a constant `ROUNDS`. Each round visits every merged tensor once and adds up a small
tally; then it settles the tally into numbers, which later rounds and `merge` find in `step.settled`. No round ever holds a
flat model: memory is the tally's, whatever the size of the model.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from kernels.late import torch
from workers.engine.merge.step import MergeStep

Tally: TypeAlias = "dict[str, torch.Tensor]"


@dataclass(frozen=True)
class Round:
    """`see(step)` gives one tensor's tally; tallies are added entry by entry. `settle(tally, parameters)` gives plain numbers.

    `parameters` are those of the first merged tensor: rounds are for settings that hold for the whole model. Tallies should be
    int64, which add up to the same sum in any order; float64 ones are added in the order of the plan. What `settle` returns must
    be plain JSON (numbers, lists, strings): it is kept in the journal, so that a killed job does not read the model again.
    `wanted(parameters)` says whether a tensor with these parameters, and what earlier rounds settled, needs the round; it is left
    out when none does.
    """

    name: str
    see: Callable[[MergeStep], Tally]
    settle: Callable[[Tally, Mapping[str, Any]], dict[str, Any]]
    wanted: Callable[[Mapping[str, Any]], bool] = lambda parameters: True


def added(total: Tally | None, tally: Tally) -> Tally:
    """The sum of two tallies; an entry that only one has stays as it is. Entries whose name begins with `min_` or `max_` take the smaller or the larger value."""
    if total is None:
        return tally
    for name, value in tally.items():
        if name not in total:
            total[name] = value
        elif name.startswith("min_"):
            total[name] = torch.minimum(total[name], value)
        elif name.startswith("max_"):
            total[name] = torch.maximum(total[name], value)
        else:
            total[name] += value
    return total


def rounds_of(module: Any) -> Sequence[Round]:
    """The rounds of a method's module; most methods have none."""
    rounds: Sequence[Round] = getattr(module, "ROUNDS", ())
    return rounds

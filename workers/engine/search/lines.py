"""A point of the straight line between two models of a plan, as the weights of a live one."""

from pathlib import Path

import torch

from workers.contracts.plans import Plan, TensorStep
from workers.engine.io.reader import Reader, facts_of_weights
from workers.engine.search.live import Live

RESULT = -1


def between(live: Live, plan: Plan, out: Path, one: int, other: int, at: float) -> None:
    """Takes on θ(t) = (1 − t)·θ_one + t·θ_other, tensor by tensor.

    Computed in float32, in float64 where an input is; the ends are the models as they are. Whole numbers are those of the
    first. What a model lacks is the first model's of the plan.

    Args:
        one, other: numbers of the plan's models, or `RESULT` for the merge in `out`.
        at: t, from 0 to 1.

    Cost: two tensors in flight beside the module; nothing is written.
    Determinism: elementwise, so that threads change nothing.
    """
    with Reader(out) as made:
        facts = facts_of_weights(out) if RESULT in (one, other) else {}

        def tensor(step: TensorStep, model: int) -> torch.Tensor:
            if model == RESULT:
                return made.tensor(step.name, facts[step.name]) if step.name in facts else live.tensor(step, 0)
            return live.tensor(step, model)

        def point(step: TensorStep) -> torch.Tensor:
            first, last = tensor(step, one), tensor(step, other)
            if at == 0 or not first.is_floating_point():
                return first
            if at == 1:
                return last
            maths = torch.float64 if torch.float64 in (first.dtype, last.dtype) else torch.float32
            return first.to(maths) * (1 - at) + last.to(maths) * at

        live.take(plan, point)

"""Carries out the steps of a mixture of experts: copies, scaled matrices, routers."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch

from workers.contracts.plans import Plan, TensorStep
from workers.engine.io.dtypes import dtype_of
from workers.engine.io.reader import Reader
from workers.engine.merge.learned import Learned
from workers.engine.merge.mixture_of_experts import ExpertStep

GATE = "gate"


@dataclass(frozen=True)
class Experts:
    """`learned` holds the routers that prompts made, under `gate/tensor name`."""

    method: Callable[[ExpertStep], torch.Tensor]
    learned: Learned | None = None

    def make(
        self, plan: Plan, step: TensorStep, readers: Sequence[Reader]
    ) -> tuple[torch.Tensor, dict[str, Any] | None]:
        """The tensor of the step in its shape and format; measures of one with entries that are no numbers."""
        dtype = dtype_of(step.dtype)
        given = [readers[item.source].tensor(item.key, item.fact) for item in step.inputs]
        if step.operation == "copy":
            made = given[0] if given[0].dtype == dtype else given[0].to(dtype)
            return made, _counted(given[0], made)
        values = step.parameters
        told = None if self.learned is None else self.learned.of(step.name).get(GATE)
        made = self.method(
            ExpertStep(
                name=step.name, shape=step.shape, part=values["part"], seed=plan.seed, experts=tuple(values.get("experts", ())),
                mode=values.get("mode", ""), weight=given[0] if given else None, noise=values.get("noise", 0.0),
                scale=values.get("scale", 1.0), told=told,
            )
        )  # fmt: skip
        made = made.to(dtype).reshape(step.shape)
        return made, _counted(given[0], made) if given else None


def _counted(given: torch.Tensor, made: torch.Tensor) -> dict[str, Any] | None:
    """Entries that are infinite or no number; a tensor without any needs no row."""
    if not given.is_floating_point():
        return None
    bad, worse = (int((~tensor.double().isfinite()).sum()) for tensor in (given, made))
    return {"bad_inputs": bad, "bad_results": worse} if bad or worse else None

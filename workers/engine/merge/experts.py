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
        """The tensor of the step in its shape and format; measures for matrices, None for the rest."""
        dtype = dtype_of(step.dtype)
        given = [readers[item.source].tensor(item.key, item.fact) for item in step.inputs]
        if step.operation == "copy":
            return given[0] if given[0].dtype == dtype else given[0].to(dtype), None
        values = step.parameters
        told = None if self.learned is None else self.learned.of(step.name).get(GATE)
        made = self.method(
            ExpertStep(
                name=step.name, shape=step.shape, part=values["part"], seed=plan.seed, experts=tuple(values.get("experts", ())),
                mode=values.get("mode", ""), weight=given[0] if given else None, noise=values.get("noise", 0.0),
                scale=values.get("scale", 1.0), told=told,
            )
        )  # fmt: skip
        return made.to(dtype).reshape(step.shape), None

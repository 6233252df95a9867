"""MIXTURE: base plus coefficients times changes, as a module whose only parameters are the coefficients."""

from collections.abc import Mapping
from dataclasses import dataclass
from math import log
from typing import Any, Literal

import torch

from workers.engine.merge.learning.blend import Blend
from workers.engine.merge.learning.sharing import Sharing, shares
from workers.engine.merge.learning.student import Changes, Student
from workers.engine.merge.step import MergeStep

Squash = Literal["none", "clamp", "sigmoid"]


@dataclass(frozen=True)
class Answer:
    """What a mixture gives: the model's outputs, `coefficients` as they are in force, which source each example is of."""

    logits: torch.Tensor
    outputs: Any
    coefficients: list[torch.Tensor]
    weights: Mapping[str, torch.Tensor]
    inputs: Mapping[str, torch.Tensor]
    task: torch.Tensor


@dataclass(frozen=True)
class Start:
    """Where a tensor's coefficients begin: `count` of them for each source, each at `value`. None are learned where `is_fixed`."""

    value: float
    count: int = 1
    is_fixed: bool = False


class Mixture(torch.nn.Module):
    """θ_t = b_t + Σ_i Σ_k c_{i,t,k}·τ_{i,t}⊙[entry has share k] for every tensor t.

    `squash`: c is what is learned, what is learned held within [0, 1], or the logistic function of it. `is_shared`: all tensors
    have the same coefficients.

    Cost: base, every source's changes and one merged model in float32; a byte an entry and source where K > 1.
    """

    def __init__(
        self, student: Student, starts: Mapping[str, Start], *, changes: Changes | None = None, squash: Squash = "none",
        sharing: Sharing = "chunks", is_shared: bool = False,
    ) -> None:  # fmt: skip
        super().__init__()
        self._student, self._squash = student, squash
        self._bases: dict[str, torch.Tensor] = {}
        self._changes: dict[str, list[torch.Tensor]] = {}
        self._shares: dict[str, list[torch.Tensor]] = {}
        self._sources: dict[str, list[int]] = {}
        self._place: dict[str, int] = {}
        self.coefficients = torch.nn.ParameterList()
        for step in student.steps():
            name, start = step.name, starts[step.name]
            self._load(step, start, changes or _whole, sharing)
            if not (is_shared and len(self.coefficients)):
                raw = torch.full((student.learning.sources, start.count), _raw(squash, start.value))
                self.coefficients.append(torch.nn.Parameter(raw, requires_grad=not start.is_fixed))
            self._place[name] = len(self.coefficients) - 1
        self.to(student.device)

    def _load(self, step: MergeStep, start: Start, changes: Changes, sharing: Sharing) -> None:
        device, learning = self._student.device, self._student.learning
        if step.base is None:
            raise ValueError(f"{step.name}: a mixture needs a base to measure changes from.")
        self._bases[step.name] = step.base.to(device, torch.float32, copy=True).view(step.shape)
        self._changes[step.name] = [change.to(device, torch.float32).view(step.shape) for change in changes(step)]
        self._sources[step.name] = [source - learning.first_source for source in step.source_ids]
        if start.count > 1:
            self._shares[step.name] = [
                shares(
                    sharing, start.count, 0, step.elements, elements=step.elements, seed=learning.seed, name=step.name, source=source
                ).to(device)
                for source in step.source_ids
            ]  # fmt: skip

    def values(self) -> dict[str, torch.Tensor]:
        """The coefficients in force, `[n, K]` for each tensor; tensors may share one."""
        squashed = [_squashed(self._squash, raw) for raw in self.coefficients]
        return {name: squashed[place] for name, place in self._place.items()}

    def merged(self) -> dict[str, torch.Tensor]:
        """The mixture's weights by their names in the module; gradients go to the coefficients."""
        values, blend = self.values(), Blend.apply
        return {
            self._student.places[name]: blend(  # type: ignore[no-untyped-call]
                values[name][self._sources[name]], base, self._changes[name], self._shares.get(name)
            )
            for name, base in self._bases.items()
        }

    def sizes(self) -> dict[str, tuple[list[float], int]]:
        """For each tensor: mean |τ_i| of every source that has it, and how many entries it has."""
        return {
            name: ([float(change.double().abs().mean()) for change in held], self._bases[name].numel())
            for name, held in self._changes.items()
        }

    def forward(self, task: torch.Tensor, **inputs: torch.Tensor) -> Answer:
        weights = self.merged()
        outputs = self._student.run(weights, inputs, **self.options())
        held = list({id(value): value for value in self.values().values()}.values())
        return Answer(outputs.logits, outputs, held, weights, inputs, task)

    def options(self) -> dict[str, Any]:
        """What else the model's forward is asked for."""
        return {}


def _whole(step: MergeStep) -> list[torch.Tensor]:
    return [step.whole(index) for index in range(len(step.sources))]


def _raw(squash: Squash, value: float) -> float:
    return log(value / (1 - value)) if squash == "sigmoid" else value


def _squashed(squash: Squash, raw: torch.Tensor) -> torch.Tensor:
    return {"none": raw, "clamp": raw.clamp(0.0, 1.0), "sigmoid": raw.sigmoid()}[squash]

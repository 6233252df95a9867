"""PROGRESS of a run: all that it must know of its past to go on as if it had never stopped, beside the tensors."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass
class Sums:
    """Sums over steps, weighted by units: means can be taken at any time. One for each term of the objective, and the total."""

    units: float = 0.0
    values: dict[str, float] = field(default_factory=dict)

    def add(self, parts: Mapping[str, float], units: float) -> None:
        for name, value in parts.items():
            self.values[name] = self.values.get(name, 0.0) + value * units
        self.units += units

    def means(self) -> dict[str, float]:
        return {name: value / self.units for name, value in self.values.items()}


@dataclass
class Progress:
    """The state after `step` updates.

    Attributes:
        key: of which run this is the state; another run's is not taken.
        losses: the mean loss of each finished epoch.
        curve: [step, mean of the total and of each term since the point before], at steps that the recipe alone decides.
        validation: [epoch, loss] after each epoch that was validated.
        best: the lowest validation loss; worse: epochs since.
        stopped: "" while it goes its way, "early", or "diverged" at `diverged_at`.
        kept: the step whose weights are the result, where that is not the last.
        resumed_step, resumed_epochs: what an earlier attempt had finished. Not stored.
    """

    key: str
    step: int = 0
    losses: list[float] = field(default_factory=list)
    curve: list[list[Any]] = field(default_factory=list)
    validation: list[list[float]] = field(default_factory=list)
    epoch_sums: Sums = field(default_factory=Sums)
    point_sums: Sums = field(default_factory=Sums)
    best: float | None = None
    worse: int = 0
    stopped: str = ""
    diverged_at: int | None = None
    kept: int | None = None
    resumed_step: int = 0
    resumed_epochs: int = 0

    @property
    def epochs(self) -> int:
        return len(self.losses)

    def to_json(self) -> str:
        document = asdict(self)
        for name in ("resumed_step", "resumed_epochs"):
            del document[name]
        return json.dumps(document)

    @classmethod
    def from_json(cls, text: str) -> "Progress":
        """Raises ValueError, KeyError or TypeError for another form."""
        document = json.loads(text)
        for name in ("epoch_sums", "point_sums"):
            document[name] = Sums(**document[name])
        return cls(**document)

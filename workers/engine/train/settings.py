"""SETTINGS of a training run, as its recipe gives them, and WATCH: what the run tells of itself."""

from collections.abc import Callable
from dataclasses import dataclass
from math import ceil


@dataclass(frozen=True)
class Settings:
    """`max_steps` ends a run early, and its schedule with it. `precision` is that of the forward pass: weights and

    moments stay float32. `patience` epochs without a validation loss lower by more than `least` end the run; None never does.
    `checkpoint_s` is the longest time between two checkpoints, in seconds.
    """

    epochs: int
    batch_size: int
    learning_rate: float
    weight_decay: float = 0.0
    warmup_ratio: float = 0.0
    seed: int = 0
    schedule: str = "cosine"
    clip_norm: float = 1.0
    max_steps: int | None = None
    precision: str = "float32"
    checkpoint_s: float = 60.0
    patience: int | None = None
    least: float = 0.0

    def steps_per_epoch(self, examples: int) -> int:
        return ceil(examples / self.batch_size)

    def steps(self, examples: int) -> int:
        """Updates in all."""
        whole = self.steps_per_epoch(examples) * self.epochs
        return whole if self.max_steps is None else min(whole, self.max_steps)


def _nothing(*_: object) -> None:
    pass


@dataclass(frozen=True)
class Watch:
    """Each may raise to stop. `checkpoint(step)` is called when the state after so many updates is in the journal."""

    step: Callable[[int, int], None] = _nothing
    metric: Callable[[str, int, float], None] = _nothing
    epoch: Callable[[int, float], None] = _nothing
    checkpoint: Callable[[int], None] = _nothing
    log: Callable[[str], None] = _nothing

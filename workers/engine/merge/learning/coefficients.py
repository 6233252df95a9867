"""COEFFICIENTS: learned by the trainer, written for each tensor, applied when tensors are merged."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import ceil
from typing import Any

import torch

from workers.engine.merge.learning.abreast import Abreast, Again
from workers.engine.merge.learning.keeping import keep
from workers.engine.merge.learning.mixture import Mixture
from workers.engine.merge.learning.request import Learning
from workers.engine.merge.learning.sharing import Sharing, shares
from workers.engine.merge.learning.student import Student, rows_drawn
from workers.engine.merge.step import MergeStep
from workers.engine.train.losses import Objective
from workers.engine.train.progress import Progress
from workers.engine.train.run import fit
from workers.engine.train.settings import Settings, Watch

FILE = "coefficients"
# Coefficients are few: their state is kept more often than that of a model.
CHECKPOINT_S = 20.0
# A length no gradient has: the published loops do not clip.
_UNCLIPPED = 1e30
Take = Callable[[Sequence[torch.Tensor], int], Sequence[torch.Tensor]]


@dataclass(frozen=True)
class Course:
    """How coefficients are learned: by AdamW at a constant rate, which is Adam where `weight_decay` is 0."""

    steps: int
    batch_size: int
    learning_rate: float
    weight_decay: float = 0.0
    clip_norm: float = _UNCLIPPED


def side_by_side(student: Student, count: int, *, per_source: bool = False) -> Abreast:
    """`count` examples of every dataset, drawn with the seed; `per_source`: of the data of every source, shared or not."""
    learning = student.learning
    parts = [student.batches(number) for number in range(learning.sources if per_source else len(learning.data))]
    rows = [
        rows_drawn(len(part), count, seed=learning.seed, purpose=f"data/{number}") for number, part in enumerate(parts)
    ]
    return Abreast(parts, rows, pad=int(getattr(student.module.config, "pad_token_id", None) or 0))


def steps_of(data: Abreast, *, epochs: int, batch_size: int) -> int:
    return epochs * ceil(len(data) / batch_size)


def train(
    learning: Learning, mixture: Mixture, data: Abreast, objective: Objective, course: Course, *, stage: str = FILE
) -> Progress:
    """Minimises `objective` over the coefficients of `mixture`, in place; taken up again where an earlier attempt was."""
    journal = learning.journal / stage
    journal.mkdir(parents=True, exist_ok=True)

    def step(done: int, steps: int) -> None:
        learning.told(done, steps, "steps", "Learning coefficients")

    settings = Settings(
        epochs=1, batch_size=course.batch_size, learning_rate=course.learning_rate, weight_decay=course.weight_decay,
        seed=learning.seed, schedule="constant", clip_norm=course.clip_norm, checkpoint_s=CHECKPOINT_S,
    )  # fmt: skip
    progress = fit(
        mixture, Again(data, course.steps * course.batch_size), objective, settings, journal=journal, key=f"{learning.key}/{stage}",
        watch=Watch(step=step, metric=learning.reporter.metric), device=learning.device,
    )  # fmt: skip
    if progress.stopped == "diverged":
        message = f"The loss became NaN or infinite at step {progress.diverged_at}; the coefficients are those of step {progress.kept}."
        learning.reporter.log(message, "warning")
    return progress


def written(learning: Learning, mixture: Mixture, progress: Progress) -> dict[str, Any]:
    """Leaves `coefficients/tensor` float32 `[n, K]`; gives the report: the curve, and each source's mean coefficient."""
    values = {name: value.detach().cpu() for name, value in mixture.values().items()}
    keep(learning.out, FILE, {f"{FILE}/{name}": value.clone() for name, value in values.items()})
    means = [
        sum(float(value[source].double().mean()) for value in values.values()) / len(values)
        for source in range(learning.sources)
    ]
    return {
        "steps": progress.step, "curve": progress.curve, "loss": [progress.curve[0][1]["loss"], progress.curve[-1][1]["loss"]], "mean_coefficients": means,
        "coefficients": sum(value.numel() for value in {id(value): value for value in mixture.values().values()}.values()),
        "stopped": progress.stopped,
    }  # fmt: skip


def merge_by_coefficients(step: MergeStep, sharing: Sharing = "chunks", take: Take | None = None) -> torch.Tensor:
    """θ = b + Σ_i c_i·τ_i with `learned["coefficients"]` float32 `[n, K]`; `take` makes of a stretch's changes what is added up."""
    first = int(step.base is not None)
    table = step.learned[FILE].to(step.maths)
    out = step.buffer()

    def change(vectors: Sequence[torch.Tensor], start: int) -> torch.Tensor:
        length = vectors[0].numel()
        total = out[:length].zero_()
        for source, vector in zip(step.source_ids, take(vectors, start) if take else vectors, strict=True):
            row = table[source - first]
            if len(row) == 1:
                factor = row[0]
            else:
                held = shares(
                    sharing,
                    len(row),
                    start,
                    length,
                    elements=step.elements,
                    seed=step.seed,
                    name=step.name,
                    source=source,
                )
                factor = row[held.long()]
            total.add_(vector * factor)
        return total

    return step.combine(change)

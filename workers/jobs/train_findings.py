"""What a training that came to its end still has to warn of: weights that are no better than those it began with."""

from math import log
from typing import Any

from workers.contracts.findings import Finding, Repair
from workers.contracts.recipes import TrainRecipe
from workers.jobs.train_parts import Parts

# Losses of single batches scatter: only what is so much worse than the first loss counts as risen, and the last tenth of the curve is averaged.
_RISEN = 1.1
_LAST = 10


def ending_findings(recipe: TrainRecipe, parts: Parts, progress: Any) -> list[Finding]:
    """Compares the loss of the weights that are kept with that of the first steps and, for classes, with ln(classes), which

    whoever gives every class the same chance has.
    """
    curve = [(step, means["loss"]) for step, means in progress.curve]
    if len(curve) < 2:
        return []
    first, (where, end) = curve[0][1], _end(curve, progress, parts, recipe)
    chance = log(len(parts.labels)) if len(parts.labels) > 1 else None
    if end <= first * _RISEN and (chance is None or end < chance):
        return []
    message = (
        f"It learned nothing: {where}loss {end:.3g} at the end, {first:.3g} at the start. Try a tenth of the rate."
    )
    guess = f"Guessing among {len(parts.labels)} classes gives {chance:.3g}. " if chance is not None else ""
    consequence = f"{guess}The result is no better than what it was made from."
    rate = recipe.learning_rate / 10
    patch = ({"op": "add", "path": "/learning_rate", "value": float(f"{rate:.3g}")},)
    return [
        Finding(
            code="nothing_learned", severity="warning", message=message, where="learning_rate", consequence=consequence,
            repair=(Repair(label=f"Use a learning rate of {rate:.3g}", patch=patch),), stage="run",
        )
    ]  # fmt: skip


def _end(curve: list[tuple[int, float]], progress: Any, parts: Parts, recipe: TrainRecipe) -> tuple[str, float]:
    """The loss of the kept weights: on the validation data where it was worked out at that step, else while they were trained."""
    kept = progress.kept if progress.kept is not None else progress.step
    per_epoch = -(-len(parts.batches) // recipe.batch_size)
    for epoch, value in reversed(progress.validation):
        if min(epoch * per_epoch, progress.step) == kept:
            return "validation ", value
    until = [value for step, value in curve if step <= kept] or [curve[0][1]]
    last = until[-max(1, len(until) // _LAST) :]
    return "", sum(last) / len(last)

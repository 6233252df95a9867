"""The training loop: AdamW, warm-up and cosine, clipped gradients, one checkpoint per epoch. Knows neither peft nor repos."""

from collections.abc import Callable
from dataclasses import dataclass
from math import ceil, isfinite
from pathlib import Path

import torch
from torch.nn.functional import cross_entropy

from workers.contracts.errors import UserError
from workers.contracts.findings import Finding, Repair
from workers.engine.datasets import Examples
from workers.engine.train import checkpoint
from workers.engine.train.draws import derived_seed, epoch_order
from workers.engine.train.schedule import learning_rate

CLIP_NORM = 1.0
BETAS = (0.9, 0.999)


@dataclass(frozen=True)
class Hyperparameters:
    epochs: int
    batch_size: int
    learning_rate: float
    weight_decay: float
    warmup_ratio: float
    seed: int


@dataclass(frozen=True)
class Watch:
    """What the loop tells its caller. Each may raise to stop; `epoch` is called when the epoch is in the journal."""

    step: Callable[[int, int, float], None]
    epoch: Callable[[int, float], None]


def fit(
    model: torch.nn.Module, examples: Examples, settings: Hyperparameters, *, journal: Path, recipe: str, watch: Watch
) -> checkpoint.Progress:
    """Trains what requires a gradient in `model`, in place. A journal of the same `recipe` is taken up at its last epoch.

    Weight decay holds for matrices alone: biases and norms have nothing to gain from being small.

    Returns: the mean loss of each epoch, those before a resume included.

    Raises:
        UserError: the loss is NaN or infinite.

    Determinism: equal bits for equal seed and one thread, however often it was interrupted.
    """
    optimizer = _optimizer(model, settings)
    progress = checkpoint.restore(journal, model, optimizer, recipe)
    per_epoch = ceil(len(examples) / settings.batch_size)
    steps = per_epoch * settings.epochs
    while progress.epoch < settings.epochs:
        torch.manual_seed(derived_seed(settings.seed, f"dropout/{progress.epoch}"))
        loss = _epoch(model, examples, settings, optimizer, progress.epoch, per_epoch, steps, watch)
        progress.epoch, progress.losses = progress.epoch + 1, [*progress.losses, loss]
        checkpoint.save(journal, model, optimizer, progress)
        watch.epoch(progress.epoch, loss)
    return progress


def _optimizer(model: torch.nn.Module, settings: Hyperparameters) -> torch.optim.AdamW:
    trained = [parameter for parameter in model.parameters() if parameter.requires_grad]
    groups = [
        {"params": [parameter for parameter in trained if parameter.ndim > 1], "weight_decay": settings.weight_decay},
        {"params": [parameter for parameter in trained if parameter.ndim <= 1], "weight_decay": 0.0},
    ]
    return torch.optim.AdamW([group for group in groups if group["params"]], lr=settings.learning_rate, betas=BETAS)


def _epoch(
    model: torch.nn.Module, examples: Examples, settings: Hyperparameters, optimizer: torch.optim.AdamW, epoch: int, per_epoch: int, steps: int, watch: Watch
) -> float:  # fmt: skip
    model.train()
    order = epoch_order(len(examples), seed=settings.seed, epoch=epoch)
    warmup, total = round(steps * settings.warmup_ratio), 0.0
    for number in range(per_epoch):
        step = epoch * per_epoch + number
        rows = order[number * settings.batch_size : (number + 1) * settings.batch_size]
        rate = learning_rate(step, steps=steps, warmup_steps=warmup, peak=settings.learning_rate)
        for group in optimizer.param_groups:
            group["lr"] = rate
        loss = cross_entropy(model(pixel_values=examples.images[rows]).logits, examples.labels[rows])
        value = loss.item()
        if not isfinite(value):
            raise _diverged(step + 1, settings)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(model.parameters(), CLIP_NORM)
        optimizer.step()
        total += value * len(rows)
        watch.step(step + 1, steps, value)
    return total / len(examples)


def _diverged(step: int, settings: Hyperparameters) -> UserError:
    message = f"The loss became NaN or infinite at step {step}, at a learning rate of {settings.learning_rate:g}."
    smaller = settings.learning_rate / 10
    repair = Repair(
        label=f"Train at {smaller:g}", patch=({"op": "replace", "path": "/learning_rate", "value": smaller},)
    )
    finding = Finding(
        code="training_diverged", severity="error", message=message, where="learning_rate", stage="run",
        consequence="The weights hold no numbers any more; training cannot go on from here.", repair=(repair,),
    )  # fmt: skip
    return UserError(message, (finding,))

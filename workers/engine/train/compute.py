"""COMPUTE of a training, counted rather than timed, and baselines that get as much of it as the method they are held against."""

from dataclasses import replace
from typing import Any

import torch

from workers.engine.train.losses import Batches, Objective
from workers.engine.train.settings import Settings


def step_flops(
    model: torch.nn.Module, data: Batches, objective: Objective, batch_size: int, *, device: str = "cpu"
) -> int:
    """Floating-point operations of one update on the first `batch_size` examples, forward and backward: two for each

    multiply-add of its matrix products. The model is left as it was. Attention is made to go by plain matrix products: torch's
    counter knows no fused one on every device and would count it as nothing.
    """
    from torch.nn.attention import SDPBackend, sdpa_kernel
    from torch.utils.flop_counter import FlopCounterMode

    was_training, place = model.training, torch.device(device)
    model.to(place).train()
    batch = data.batch(torch.arange(min(batch_size, len(data))), seed=0).to(place)
    with torch.random.fork_rng(devices=[]), sdpa_kernel(SDPBackend.MATH), FlopCounterMode(display=False) as counter:
        total: Any = objective(model(**batch.inputs), batch)[0]
        total.backward()
    model.zero_grad(set_to_none=True)
    model.train(was_training)
    return int(counter.get_total_flops())


def equal_compute(settings: Settings, *, examples: int, flops: int, per_step: int) -> Settings:
    """`settings` for a baseline that spends `flops` at `per_step` operations an update: its schedule ends where its compute does.

    Args:
        examples: how many the baseline is trained on.
        flops: what the other method spent in all, teachers and searches included.

    Raises:
        ValueError: no operations to count with.
    """
    if flops <= 0 or per_step <= 0:
        raise ValueError("compute is a positive number of operations")
    steps = max(1, round(flops / per_step))
    epochs = -(-steps // settings.steps_per_epoch(examples))
    return replace(settings, epochs=epochs, max_steps=steps)

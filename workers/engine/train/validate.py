"""VALIDATION: the loss on data that is not trained on."""

from typing import Any

import torch

from workers.engine.train.draws import derived_seed
from workers.engine.train.losses import Batches, Objective
from workers.engine.train.machine import Machine


@torch.no_grad()
def validation_loss(
    model: Any, data: Batches, objective: Objective, batch_size: int, *, machine: Machine | None = None
) -> float:
    """The mean of the objective over all of `data`, weighted by units, in evaluation mode; the model is left in it.

    Determinism: what is drawn depends on the batch's number alone, so that epochs can be compared.
    """
    machine = machine or Machine("float32")
    model.eval()
    total = units = 0.0
    for number, start in enumerate(range(0, len(data), batch_size)):
        if number % machine.world != machine.rank:
            continue
        rows = torch.arange(start, min(start + batch_size, len(data)))
        batch = data.batch(rows, seed=derived_seed(0, f"validation/{number}")).to(machine.device)
        with machine.computing():
            value, _ = objective(model(**batch.inputs), batch, 1.0)
        total, units = total + float(value) * batch.units, units + batch.units
    total, units = machine.summed(total, units)
    return total / units

"""MACHINE: where a run computes, and in what precision. The one file that knows accelerate.

One process is the whole run, or several that torchrun started are: each takes its share of every batch.
"""

import contextlib
from collections.abc import Sequence
from typing import Any

import torch

from workers.engine.train.refusals import refused

# Gradients travel in parcels of so many numbers.
_BUCKET = 2**24
_MIXED = {"float32": "no", "bfloat16": "bf16", "float16": "fp16"}


class Machine:
    """`rank` of `world` processes; rank 0 is the one that writes and tells."""

    def __init__(self, precision: str, device: str = "cpu") -> None:
        """
        Raises:
            UserError: float16 without a GPU: a processor has no fast path for it, and bfloat16 needs no loss scaling.
        """
        if precision == "float16" and device == "cpu":
            raise refused("precision_needs_gpu", "float16 needs a GPU. Train in bfloat16 or float32 here.", "precision")
        from accelerate import Accelerator
        from accelerate.state import AcceleratorState

        # It is a singleton of the process, and a second run in this process may want another precision.
        AcceleratorState._reset_state(reset_partial_state=not torch.distributed.is_initialized())
        self._accelerator: Any = Accelerator(mixed_precision=_MIXED[precision], cpu=device == "cpu")
        self.device: torch.device = self._accelerator.device
        self.rank, self.world = int(self._accelerator.process_index), int(self._accelerator.num_processes)

    @property
    def is_main(self) -> bool:
        return self.rank == 0

    def prepared(self, optimizer: torch.optim.Optimizer) -> Any:
        """What to step in place of `optimizer`: with loss scaling, where the precision wants it."""
        return self._accelerator.prepare_optimizer(optimizer)

    def computing(self) -> contextlib.AbstractContextManager[Any]:
        return self._accelerator.autocast()  # type: ignore[no-any-return]

    def backward(self, loss: torch.Tensor) -> None:
        self._accelerator.backward(loss)

    def add_up(self, parameters: Sequence[torch.Tensor]) -> None:
        """Sums the gradients over the processes, in place; each has weighted its own by its share of the batch.

        By hand and after the backward pass, not by hooks within it: so any loss may look at any part of a model, and a
        weight that no example reaches on one of the processes (an expert of a router) waits for nobody.
        """
        if self.world == 1:
            return
        reached = torch.tensor([parameter.grad is not None for parameter in parameters], device=self.device).float()
        torch.distributed.all_reduce(reached)
        used = [parameter for parameter, count in zip(parameters, reached.tolist(), strict=True) if count]
        for parameter in used:
            if parameter.grad is None:
                parameter.grad = torch.zeros_like(parameter)
        bucket: list[torch.Tensor] = []
        for parameter in used:
            if parameter.grad is not None:
                bucket.append(parameter.grad)
            if sum(gradient.numel() for gradient in bucket) >= _BUCKET:
                _add_up(bucket)
                bucket = []
        _add_up(bucket)

    def clip(self, parameters: Sequence[torch.Tensor], norm: float) -> float:
        """Scales the gradients down to `norm` where they are longer; gives their length before."""
        length: torch.Tensor = self._accelerator.clip_grad_norm_(parameters, norm)
        return float(length)

    @property
    def scaler(self) -> dict[str, Any] | None:
        """The state of the loss scaling, where there is one."""
        scaler = self._accelerator.scaler
        return scaler.state_dict() if scaler is not None else None

    def scaler_restore(self, state: dict[str, Any] | None) -> None:
        if state and self._accelerator.scaler is not None:
            self._accelerator.scaler.load_state_dict(state)

    def summed(self, *values: float) -> list[float]:
        """Each value, summed over the processes, in float64."""
        if self.world == 1:
            return list(values)
        tensor = torch.tensor(values, dtype=torch.float64, device=self.device)
        torch.distributed.all_reduce(tensor)
        return [float(value) for value in tensor]

    def wait(self) -> None:
        self._accelerator.wait_for_everyone()


def _add_up(gradients: Sequence[torch.Tensor]) -> None:
    if not gradients:
        return
    flat = torch.cat([gradient.flatten().float() for gradient in gradients])
    torch.distributed.all_reduce(flat)
    for gradient, summed in zip(
        gradients, torch.split(flat, [gradient.numel() for gradient in gradients]), strict=True
    ):
        gradient.copy_(summed.view_as(gradient))

"""The device on which tensors are merged: named in the request, looked for before anything is read."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from threading import Lock

from kernels.late import torch
from workers.contracts.errors import UserError
from workers.contracts.findings import Finding
from workers.engine.merge.step import MergeStep

CPU = "cpu"
# One tensor at a time: a GPU works through them no faster side by side, and its memory is scarce.
_TURN = Lock()


def device_named(name: str) -> str:
    """The name itself: `cpu`, `cuda` or `cuda:1`.

    Raises:
        UserError: another name; or there is no such GPU here.
    """
    if not re.fullmatch(r"cpu|cuda(:\d{1,3})?", name):
        raise UserError(f"There is no device {name!r}. Known are cpu, cuda, and cuda:1 for the second GPU.")
    if name == "cpu":
        return CPU
    count = torch.cuda.device_count() if torch.cuda.is_available() else 0
    if count == 0:
        built = "" if torch.version.cuda else " This torch is built for CPUs alone."
        raise UserError(
            f"{name} is asked for, and there is no GPU that torch can use here.{built} Leave the device out, or take cpu."
        )
    if int(name.partition(":")[2] or 0) >= count:
        raise UserError(f"{name} is asked for, and this machine's GPUs are cuda:0 to cuda:{count - 1}.")
    return name


def put(step: MergeStep, device: str) -> MergeStep:
    """The step with its tensors on the device. A step in float64 stays where it is: kernels compute in float32."""
    if device == CPU or step.wide:
        return step
    base = None if step.base is None else step.base.to(device)
    return replace(step, raw_base=base, raw_sources=tuple(source.to(device) for source in step.sources))


@contextmanager
def turn(device: str) -> Iterator[None]:
    """Work on the device, one tensor at a time; on the CPU all at once.

    Raises:
        UserError: the device's memory does not hold the tensor.
    """
    if device == CPU:
        yield
        return
    with _TURN:
        try:
            yield
        except torch.OutOfMemoryError:
            raise _too_large(device) from None
        finally:
            release()


def release() -> None:
    """Gives back what torch keeps of the device's memory for later: the next tensor may be larger."""
    if torch.cuda.is_available():
        torch.cuda.empty_cache()


def _too_large(device: str) -> UserError:
    message = f"The memory of {device} does not hold this tensor of all models at a time."
    finding = Finding(
        code="gpu_memory_too_small", severity="error", message=message, where="device", stage="run",
        consequence="Run it on the CPU, where tensors are worked through piece by piece: --device cpu.",
    )  # fmt: skip
    return UserError(message, (finding,))

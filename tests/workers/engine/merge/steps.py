"""Merge steps by hand, and seeded tensors to put into them."""

import importlib
from dataclasses import replace
from typing import Any

import torch

from kernels.raw import format_of, tensor_of
from tests.workers.engine.plans import ROWS, parameters_of
from workers.engine.merge.rounds import rounds_of
from workers.engine.merge.step import MergeStep

# Every method that needs no data: one row more is one more to be tested by what holds for all.
METHODS = tuple(name for name, row in ROWS.items() if not row.learn and row.takes == "model")


def tensors(count: int, shape: tuple[int, ...] = (37, 11), *, seed: int = 0, scale: float = 0.1) -> list[torch.Tensor]:
    """A base and `count` - 1 tensors near it."""
    generator = torch.Generator().manual_seed(seed)
    base = torch.randn(shape, generator=generator)
    return [base, *(base + scale * torch.randn(shape, generator=generator) for _ in range(count - 1))]


def merged(
    method: str, base: torch.Tensor | None, sources: list[torch.Tensor], *, dtype: torch.dtype | None = None,
    maths: torch.dtype = torch.float32, seed: int = 0, name: str = "w", ids: tuple[int, ...] | None = None, **parameters: Any,
) -> torch.Tensor:  # fmt: skip
    return step_and_result(
        method, base, sources, dtype=dtype, maths=maths, seed=seed, name=name, ids=ids, **parameters
    )[1]


def step_and_result(
    method: str, base: torch.Tensor | None, sources: list[torch.Tensor], *, dtype: torch.dtype | None = None,
    maths: torch.dtype = torch.float32, seed: int = 0, name: str = "w", ids: tuple[int, ...] | None = None, **parameters: Any,
) -> tuple[MergeStep, torch.Tensor]:  # fmt: skip
    """Runs the method's rounds and function on one tensor, outside any plan. A method without a base is given none."""
    row = ROWS[method]
    values = parameters_of(method, len(sources), parameters)
    step = MergeStep(
        name=name, raw_base=None if base is None or not row.takes_base else base.flatten(), raw_sources=tuple(source.flatten() for source in sources),
        source_ids=ids or tuple(range(1, len(sources) + 1)), parameters=values, format=named(dtype or sources[0].dtype), wide=maths == torch.float64, seed=seed, shape=tuple(sources[0].shape),
    )  # fmt: skip
    module, _, function = row.runner.partition(":")
    found = importlib.import_module(module)
    for each in rounds_of(found):
        if not each.wanted({**values, **step.settled}):
            continue
        step = replace(step, settled={**step.settled, **each.settle(each.see(step), {**values, **step.settled})})
    result = getattr(found, function)(step)
    return step, tensor_of(result).view(sources[0].shape)


def named(dtype: torch.dtype) -> str:
    """Safetensors' name of the format."""
    return format_of(torch.empty(0, dtype=dtype))


def close(result: torch.Tensor, expected: Any) -> bool:
    """To the rounding of float32 at the size of the largest entry."""
    wanted = torch.as_tensor(expected, dtype=torch.float64)
    return torch.allclose(
        result.double(), wanted, rtol=1e-6, atol=1e-6 * max(1.0, wanted.abs().max().item() if wanted.numel() else 1.0)
    )

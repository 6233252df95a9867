"""Number formats: safetensors' names, the recipe's names and torch's."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce

from kernels.late import torch
from kernels.raw import FORMATS

_NAMES = {name: key for key, name in FORMATS.items()}


def format_named(name: str) -> str:
    """Safetensors' name (`BF16`) for itself or for a recipe's (`bfloat16`).

    Raises:
        ValueError: no such format.
    """
    found = name if name in FORMATS else _NAMES.get(name)
    if found is None:
        raise ValueError(f"There is no number format {name!r}; known are {', '.join(FORMATS)}.")
    return found


def promoted(formats: Sequence[str]) -> str:
    """Of formats by safetensors' names, the one to which torch brings what it puts together."""
    if len(set(formats)) == 1:
        return formats[0]
    return format_named(str(reduce(torch.promote_types, map(dtype_of, formats))).removeprefix("torch."))


def dtype_of(name: str) -> torch.dtype:
    """Torch's format for either name.

    Raises:
        ValueError: no such format.
    """
    dtype: torch.dtype = getattr(torch, FORMATS[format_named(name)])
    return dtype

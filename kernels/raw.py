"""Numbers as files hold them: memory, the name of their format, a shape. Reading, hashing and writing need no more, and neither do
compiled kernels."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from kernels.late import torch

# The formats of safetensors, and what torch and recipes call them.
FORMATS = {
    "F64": "float64", "F32": "float32", "F16": "float16", "BF16": "bfloat16", "F8_E4M3": "float8_e4m3fn", "F8_E5M2": "float8_e5m2",
    "I64": "int64", "I32": "int32", "I16": "int16", "I8": "int8",
    "U64": "uint64", "U32": "uint32", "U16": "uint16", "U8": "uint8", "BOOL": "bool",
}  # fmt: skip
FLOATING = frozenset({"F64", "F32", "F16", "BF16", "F8_E4M3", "F8_E5M2"})
_NAMES = {f"torch.{name}": key for key, name in FORMATS.items()}


@dataclass(frozen=True, slots=True, eq=False)
class Raw:
    """What a tensor is to code that does without torch. `data` are its bytes `[size]`, little-endian and row-major."""

    data: npt.NDArray[np.uint8]
    format: str
    shape: tuple[int, ...]

    @property
    def device(self) -> str:
        return "cpu"

    def numel(self) -> int:
        return math.prod(self.shape)

    def flatten(self) -> Raw:
        return self.view((self.numel(),))

    def view(self, shape: tuple[int, ...]) -> Raw:
        """The same memory in another shape.

        Raises:
            ValueError: it has not as many entries.
        """
        if math.prod(shape) != self.numel():
            raise ValueError(f"{self.numel()} entries are no {shape}.")
        return Raw(self.data, self.format, shape)

    def tensor(self) -> torch.Tensor:
        """A view of the memory."""
        dtype = getattr(torch, FORMATS[self.format])
        if not self.data.size:
            return torch.empty(self.shape, dtype=dtype)
        return torch.frombuffer(self.data, dtype=dtype).view(self.shape)

    def floats(self, stride: int = 1) -> npt.NDArray[np.float32]:
        """Every `stride`-th entry in float32. Of the formats F32, BF16 and F16."""
        if self.format == "BF16":
            return (self.data.view(np.uint16)[::stride].astype(np.uint32) << np.uint32(16)).view(np.float32)
        return self.data.view({"F32": np.float32, "F16": np.float16}[self.format])[::stride].astype(np.float32)


Array: TypeAlias = "Raw | torch.Tensor"


def raw_of(array: Array) -> Raw:
    """The memory of a tensor, brought from its device and without gaps; a copy only where that takes one."""
    if isinstance(array, Raw):
        return array
    flat = array.detach().cpu().contiguous().flatten()
    data = flat.view(torch.uint8).numpy() if flat.numel() else np.empty(0, dtype=np.uint8)
    return Raw(data, format_of(array), tuple(array.shape))


def tensor_of(array: Array) -> torch.Tensor:
    return array.tensor() if isinstance(array, Raw) else array


def format_of(array: Array) -> str:
    """Safetensors' name of its format.

    Raises:
        KeyError: a file has no such format.
    """
    return array.format if isinstance(array, Raw) else _NAMES[str(array.dtype)]

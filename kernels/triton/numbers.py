"""Rounding to the format of the result, and the small tables that a launch takes along."""

from collections.abc import Sequence
from typing import Any

import torch
import triton
import triton.language as tl

# Elements per program: 4 warps with 8 elements a thread, 16-byte loads of bfloat16.
BLOCK = 1024
WARPS = 4


@triton.jit
def rounded(values, to: tl.constexpr):
    """float32 to the nearest value of `to`, ties to even. Written out for bfloat16, so that every device and the interpreter agree."""
    if to == tl.bfloat16:
        bits = values.to(tl.uint32, bitcast=True)
        upper = (bits + 0x7FFF + ((bits >> 16) & 1)) >> 16
        quiet = tl.where(values != values, 0x7FC0, upper)
        return quiet.to(tl.uint16).to(tl.bfloat16, bitcast=True)
    else:
        return values.to(to)


@triton.jit
def widened(pointer, at, inside):
    """Entries of any floating format as float32; zero outside."""
    loaded = tl.load(pointer + at, mask=inside, other=0.0)
    if pointer.dtype.element_ty == tl.bfloat16:
        # By its bits: a bfloat16 is the upper half of a float32.
        return (loaded.to(tl.uint16, bitcast=True).to(tl.uint32) << 16).to(tl.float32, bitcast=True)
    else:
        return loaded.to(tl.float32)


def flat(tensor: torch.Tensor) -> torch.Tensor:
    """The entries in order, side by side: kernels walk flat memory."""
    return tensor.contiguous().view(-1)


def given(base: torch.Tensor | None, sources: Sequence[torch.Tensor]) -> tuple[torch.Tensor, tuple[torch.Tensor, ...]]:
    """Pointers for a launch. Without a base the first source stands in its place and is not read as such."""
    flats = tuple(flat(source) for source in sources)
    return flats[0] if base is None else flat(base), flats


def table(values: Sequence[float], like: torch.Tensor, dtype: torch.dtype = torch.float32) -> torch.Tensor:
    return torch.tensor(values, dtype=dtype).to(like.device)


def grid(size: int, block: int = BLOCK) -> tuple[int]:
    return (triton.cdiv(size, block),)


# Multiply and add are two roundings, as in plain torch.
EXACT: dict[str, Any] = {"enable_fp_fusion": False, "num_warps": WARPS}

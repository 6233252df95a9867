"""Which implementation of a kernel runs: one row per kernel, chosen by device, format and size, overruled by `GENEPOOL_KERNELS`.

Rows hold dotted paths: an implementation that is never used costs no import. `reference` is plain torch and runs anywhere;
`compiled` is for processors, where the installation found a C compiler, and `cpu` where it found none; `triton` is for GPUs, and for
its interpreter, which lets a processor try them slowly.
"""

from __future__ import annotations

import importlib
import os
from collections.abc import Callable
from functools import cache
from importlib.util import find_spec
from typing import Any

from kernels.compiled.library import is_built
from kernels.late import torch

OVERRIDE = "GENEPOOL_KERNELS"
INTERPRETER = "TRITON_INTERPRET"

TABLE: dict[str, dict[str, str]] = {
    "bernoulli": {
        "reference": "kernels.reference.philox:bernoulli",
        "cpu": "kernels.draws:bernoulli",
        "compiled": "kernels.compiled.draws:bernoulli",
        "triton": "kernels.triton.draws:bernoulli",
    },
    "changes": {
        "reference": "kernels.reference.changes:changes",
        "compiled": "kernels.compiled.changes:changes",
        "triton": "kernels.triton.changes:changes",
    },
    "competition_counts": {
        "reference": "kernels.reference.competition:competition_counts",
        "triton": "kernels.triton.competition:competition_counts",
    },
    "cut_of": {"reference": "kernels.selection:cut_of", "compiled": "kernels.compiled.selection:cut_of"},
    "elect": {"reference": "kernels.reference.election:elect", "triton": "kernels.triton.election:elect"},
    "gram": {
        "reference": "kernels.reference.gram:gram",
        "compiled": "kernels.compiled.gram:gram",
        "triton": "kernels.triton.gram:gram",
    },
    "lengths": {"reference": "kernels.selection:lengths", "compiled": "kernels.compiled.changes:lengths"},
    "magnitude_counts": {
        "reference": "kernels.reference.selection:magnitude_counts",
        "triton": "kernels.triton.selection:magnitude_counts",
    },
    "place_of": {
        "reference": "kernels.reference.selection:place_of",
        "compiled": "kernels.compiled.selection:place_of",
        "triton": "kernels.triton.selection:place_of",
    },
    "row_ranks": {
        "reference": "kernels.reference.selection:row_ranks",
        "triton": "kernels.triton.selection:row_ranks",
    },
    "share_out": {
        "reference": "kernels.reference.competition:share_out",
        "triton": "kernels.triton.competition:share_out",
    },
    "words": {
        "reference": "kernels.reference.philox:words",
        "cpu": "kernels.draws:words",
        "compiled": "kernels.compiled.draws:words",
        "triton": "kernels.triton.draws:words",
    },
}
# The largest `size` that the Triton version takes. A row is sorted by one program in shared memory; a longer one takes 128 KiB of
# that and half a minute to compile, so it goes to the reference, which sorts by radix on the device.
LARGEST = {"row_ranks": 1 << 12}


def kernel(
    name: str, device: torch.device | str = "cpu", *, dtype: torch.dtype | None = None, size: int = 0
) -> Callable[..., Any]:
    """The implementation of kernel `name` for tensors on `device`.

    Args:
        name: a row of the table.
        device: where the tensors are.
        dtype: the format computed in; Triton and compiled kernels compute in float32 alone.
        size: what the row of `LARGEST` limits.

    Returns:
        The implementation that `implementation` names where the row has it, else the reference.

    Raises:
        KeyError: no such kernel.
        ValueError: `GENEPOOL_KERNELS` names an implementation that does not exist for any kernel, or that cannot run here.
    """
    row, chosen = TABLE[name], implementation(device)
    if chosen == "triton" and (_is_wide(dtype) or size > LARGEST.get(name, size)):
        chosen = "reference"
    if chosen == "compiled" and (_is_wide(dtype) or chosen not in row):
        chosen = "cpu"
    module, _, function = row.get(chosen, row["reference"]).partition(":")
    found: Callable[..., Any] = getattr(importlib.import_module(module), function)
    return found


def implementation(device: torch.device | str = "cpu") -> str:
    """`compiled` for tensors in memory, or `cpu` where no C compiler was found; on a GPU `triton`, or `reference` where triton is not
    installed; or what `GENEPOOL_KERNELS` says.

    Raises:
        ValueError: as `kernel`.
    """
    where = str(device).partition(":")[0]
    asked = os.environ.get(OVERRIDE, "")
    if not asked:
        if where == "cpu":
            return "compiled" if is_built() else "cpu"
        return "triton" if _is_installed() else "reference"
    known = sorted({name for row in TABLE.values() for name in row})
    if asked not in known:
        raise ValueError(f"{OVERRIDE} is {asked!r}; known are {', '.join(known)}.")
    if asked == "triton" and not _is_installed():
        raise ValueError(f"{OVERRIDE} is 'triton', and triton is not installed. It comes with torch for GPUs on Linux.")
    if asked == "triton" and where == "cpu" and os.environ.get(INTERPRETER) != "1":
        raise ValueError(
            f"{OVERRIDE} is 'triton', and tensors are on the CPU. {INTERPRETER}=1 interprets the kernels there, slowly."
        )
    if asked == "compiled" and not is_built():
        raise ValueError(
            f"{OVERRIDE} is 'compiled', and these kernels are not built. `pip install .` builds them where there is a C compiler."
        )
    if asked == "compiled" and where != "cpu":
        raise ValueError(
            f"{OVERRIDE} is 'compiled', and tensors are on {where}. These kernels read the processor's memory."
        )
    return asked


def _is_wide(dtype: torch.dtype | None) -> bool:
    return dtype is not None and dtype == torch.float64


@cache
def _is_installed() -> bool:
    return find_spec("triton") is not None

"""Which implementation of a kernel runs: one row per kernel, chosen by device, overruled by `GENEPOOL_KERNELS`.

Rows hold dotted paths: a device whose kernels are never used costs no import.
"""

import importlib
import os
from collections.abc import Callable
from typing import Any

OVERRIDE = "GENEPOOL_KERNELS"

TABLE: dict[str, dict[str, str]] = {
    "elect": {"reference": "kernels.reference.election:elect"},
    "bernoulli": {"reference": "kernels.reference.philox:bernoulli", "cpu": "kernels.draws:bernoulli"},
    "words": {"reference": "kernels.reference.philox:words", "cpu": "kernels.draws:words"},
}


def kernel(name: str, device: str = "cpu") -> Callable[..., Any]:
    """The implementation of kernel `name` for tensors on `device`.

    Args:
        name: a row of the table.
        device: "cpu" or "cuda".

    Returns:
        The device's own implementation where there is one, else the reference.

    Raises:
        KeyError: no such kernel.
        ValueError: `GENEPOOL_KERNELS` names an implementation that does not exist for any kernel.
    """
    row = TABLE[name]
    asked = os.environ.get(OVERRIDE, "")
    if asked and not any(asked in candidate for candidate in TABLE.values()):
        known = sorted({implementation for candidate in TABLE.values() for implementation in candidate})
        raise ValueError(f"{OVERRIDE} is {asked!r}; known are {', '.join(known)}.")
    module, _, function = row.get(asked or device, row["reference"]).partition(":")
    found: Callable[..., Any] = getattr(importlib.import_module(module), function)
    return found

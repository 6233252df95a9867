"""The compiled library: where it is, and how stored numbers are handed to it."""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from functools import cache
from importlib.util import find_spec
from typing import Any

import numpy.typing as npt

from kernels.late import torch
from kernels.raw import Array, Raw, format_of, raw_of, tensor_of

# As the first lines of `numbers.h` have them.
INTERFACE = 3
BLOCK = 512
FORMATS = {"F32": 0, "BF16": 1, "F16": 2}


@cache
def is_built() -> bool:
    """Whether the installation found a C compiler."""
    return find_spec("kernels.compiled._library") is not None


@cache
def library() -> ctypes.CDLL:
    """The loaded library.

    Raises:
        ImportError: it was built from other sources than these.
        OSError: it cannot be loaded on this machine.
    """
    spec = find_spec("kernels.compiled._library")
    if spec is None or spec.origin is None:
        raise ImportError(
            "The compiled kernels are not built. `pip install .` builds them where there is a C compiler."
        )
    found = ctypes.CDLL(spec.origin)
    if not hasattr(found, "gp_interface") or found.gp_interface() != INTERFACE:
        raise ImportError(f"{spec.origin} was built from other sources. Install Genepool again, or remove that file.")
    found.gp_place.restype = ctypes.c_int64
    return found


class Handed:
    """A base and sources as C takes them; `source` is the first. Keeps what it points to alive: tensors with gaps, and of other formats, are copied."""

    def __init__(self, base: Array | None, sources: Sequence[Array]) -> None:
        self.under = None if base is None else readable(base)
        self.raws = [readable(source) for source in sources]
        count = len(sources)
        self.base = pointer(None if self.under is None else self.under.data)
        self.base_format = 0 if self.under is None else FORMATS[self.under.format]
        self.source = pointer(self.raws[0].data)
        self.sources = (ctypes.c_void_p * count)(*(source.data.ctypes.data for source in self.raws))
        self.formats = (ctypes.c_int32 * count)(*(FORMATS[source.format] for source in self.raws))


def readable(array: Array) -> Raw:
    return raw_of(array if format_of(array) in FORMATS else tensor_of(array).float())


def pointer(memory: npt.NDArray[Any] | None) -> ctypes.c_void_p:
    return ctypes.c_void_p(None if memory is None else memory.ctypes.data)


def as_given(made: npt.NDArray[Any], given: Array) -> Any:
    """What was made as a tensor, where tensors were given."""
    return made if isinstance(given, Raw) else torch.from_numpy(made)

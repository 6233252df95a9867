"""The compiled library: where it is, and how tensors are handed to it."""

import ctypes
from collections.abc import Sequence
from functools import cache
from importlib.util import find_spec

import torch

# As the first lines of `numbers.h` have them.
INTERFACE = 1
BLOCK = 512
FORMATS = {torch.float32: 0, torch.bfloat16: 1, torch.float16: 2}


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
    if found.gp_interface() != INTERFACE:
        raise ImportError(f"{spec.origin} was built from other sources. Install Genepool again, or remove that file.")
    found.gp_place.restype = ctypes.c_int64
    return found


class Handed:
    """A base and sources as C takes them. Keeps what it points to alive: tensors with gaps, and of other formats, are copied."""

    def __init__(self, base: torch.Tensor | None, sources: Sequence[torch.Tensor]) -> None:
        self._base = None if base is None else _readable(base)
        self._sources = [_readable(source) for source in sources]
        count = len(sources)
        self.base = pointer(self._base)
        self.base_format = 0 if self._base is None else FORMATS[self._base.dtype]
        self.sources = (ctypes.c_void_p * count)(*(source.data_ptr() for source in self._sources))
        self.formats = (ctypes.c_int32 * count)(*(FORMATS[source.dtype] for source in self._sources))


def _readable(tensor: torch.Tensor) -> torch.Tensor:
    return (tensor if tensor.dtype in FORMATS else tensor.float()).contiguous()


def pointer(tensor: torch.Tensor | None) -> ctypes.c_void_p:
    return ctypes.c_void_p(None if tensor is None else tensor.data_ptr())

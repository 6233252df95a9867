"""Memory for results: what one tensor leaves when it is written is used for the next."""

from __future__ import annotations

import weakref
from threading import RLock

import numpy as np
import numpy.typing as npt

from kernels.raw import Raw
from workers.contracts.facts import DTYPE_BYTES

# Smaller ones are not worth keeping.
LEAST_BYTES = 1 << 20
# A block is lent to tensors of more than this part of it, so that small ones do not hold what large ones need.
_PART = 4

Block = npt.NDArray[np.uint8]


class Results:
    """Blocks of memory, lent to one tensor after another. Safe to use from several threads.

    The system gives memory that must be cleared first, which took a sixth of a linear merge. A block comes back when the last view
    of it is gone. Lent and free ones together are never more than was lent at one time.
    """

    def __init__(self) -> None:
        self._free: list[Block] = []
        self._lent = self._most = 0
        # A block may come back while its own thread is in here: what collects garbage asks nobody.
        self._lock = RLock()

    def empty(self, elements: int, format: str) -> Raw:
        """An uninitialised `[elements]` in the processor's memory. `format` is safetensors' name."""
        size = elements * DTYPE_BYTES[format]
        if size < LEAST_BYTES:
            return Raw(np.empty(size, dtype=np.uint8), format, (elements,))
        block = self._block(size)
        lent = block[:size]
        weakref.finalize(lent, self._give_back, block).atexit = False
        return Raw(lent, format, (elements,))

    def _block(self, size: int) -> Block:
        with self._lock:
            fitting = [block for block in self._free if size <= block.size < _PART * size]
            block = min(fitting, key=lambda block: block.size) if fitting else None
            if block is not None:
                self._free = [free for free in self._free if free is not block]
            self._lent += size if block is None else block.size
            self._most = max(self._most, self._lent)
            while self._free and self._lent + sum(free.size for free in self._free) > self._most:
                self._free.pop(0)
        # numpy asks the system for large pages, torch does not.
        return np.empty(size, dtype=np.uint8) if block is None else block

    def _give_back(self, block: Block) -> None:
        with self._lock:
            self._lent -= block.size
            self._free.append(block)

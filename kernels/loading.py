"""Imports of large libraries, kept out of the garbage collector's sight."""

import contextlib
import gc
import sys
from collections.abc import Iterator


@contextlib.contextmanager
def for_good() -> Iterator[None]:
    """What is imported inside stays as long as the process, so that nobody need look there for what can go.

    The collector searches torch's modules in vain while they come in, ever after, and once more when the process ends: together
    two fifths of the processor time of a small merge. In a process that has torch already nothing is done.
    """
    if "torch" in sys.modules or not gc.isenabled():
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()

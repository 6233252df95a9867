"""torch, loaded when something of it is first used.

Loading takes most of a second, longer than many a merge, and what compiled kernels make needs none of it. Modules that are imported
on the way to them take torch from here; their annotations are text, which nobody evaluates.
"""

import importlib
import sys
from collections.abc import Callable
from threading import RLock
from typing import TYPE_CHECKING, Any

from kernels.loading import for_good

if TYPE_CHECKING:
    import torch as torch

_LOCK = RLock()
_WAITING: list[Callable[[], object]] = []


def once_loaded(action: Callable[[], object]) -> None:
    """Carries out `action` before anything of torch is used from here; at once where torch is loaded already."""
    with _LOCK:
        if "torch" not in sys.modules:
            _WAITING.append(action)
            return
    action()


class _Late:
    """Stands for the module."""

    def __getattr__(self, name: str) -> Any:
        if _WAITING or "torch" not in sys.modules:
            _load()
        # Not `sys.modules`: another thread may be in the middle of loading it.
        return getattr(importlib.import_module("torch"), name)


def _load() -> None:
    with _LOCK:
        with for_good():
            importlib.import_module("torch")
        while _WAITING:
            _WAITING.pop(0)()


if not TYPE_CHECKING:
    torch = _Late()

"""Works through the zoo with a few processes of one thread each. A child is made when its parent is there."""

import multiprocessing
import os
import threading
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from multiprocessing.connection import wait as wait_for_end
from pathlib import Path
from typing import Any

from workers.demo.cache import folder_of, made_get
from workers.demo.zoo import ENTRIES, Entry

Tell = Callable[[float, float, str], None]
_notes: Any = None
POLL_S = 0.2


def make_all(cache: Path, entries: tuple[Entry, ...], *, processes: int, tell: Tell) -> None:
    """Makes what of `entries` is not in `cache`. `tell` hears work done, work in all, and what is being done."""
    missing = [entry for entry in entries if made_get(folder_of(cache, entry)) is None]
    total = sum(entry.size for entry in entries)
    shares = {entry.key: 0.0 if entry in missing else entry.size for entry in entries}
    if not missing:
        tell(total, total, "")
        return
    context = multiprocessing.get_context("spawn")
    notes = context.Queue()
    with ProcessPoolExecutor(processes, mp_context=context, initializer=_prepare, initargs=(notes,)) as pool:
        waiting, running = list(missing), dict[Future[None], Entry]()
        while waiting or running:
            open_keys = {entry.key for entry in [*waiting, *running.values()]}
            for entry in [entry for entry in waiting if entry.parent_key not in open_keys]:
                waiting.remove(entry)
                running[pool.submit(_make, str(cache), entry.key)] = entry
            finished, _ = wait(running, timeout=POLL_S, return_when=FIRST_COMPLETED)
            while not notes.empty():
                key, share, message = notes.get()
                shares[key] = max(shares[key], share)
                tell(sum(shares.values()), total, message)
            for future in finished:
                entry = running.pop(future)
                future.result()
                shares[entry.key] = entry.size
    tell(total, total, "")


def largest_first() -> tuple[Entry, ...]:
    """The whole zoo, bases first: everything else waits for one of them."""
    return tuple(sorted(ENTRIES, key=lambda entry: (bool(entry.parent), -entry.size)))


def _prepare(notes: Any) -> None:
    global _notes
    _notes = notes
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    """A parent that was killed cannot take its children along; they watch for its end."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        wait_for_end([parent.sentinel])
        os._exit(1)


def _make(cache: str, key: str) -> None:
    from workers.demo.training import make

    entry = next(entry for entry in ENTRIES if entry.key == key)
    make(
        Path(cache),
        key,
        lambda done, total, message: _notes.put((key, entry.size * done / total, f"{entry.name}, seed {entry.seed}")),
    )

"""Works through the zoo with a few processes of one thread each. A task begins when those it needs are done."""

import multiprocessing
import os
import threading
from collections.abc import Callable, Iterable
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from dataclasses import dataclass
from importlib import import_module
from multiprocessing.connection import wait as wait_for_end
from pathlib import Path
from typing import Any

Tell = Callable[[float, float, str], None]
_notes: Any = None
POLL_S = 0.2


@dataclass(frozen=True)
class Task:
    """`work` is the dotted path of `work(cache, subject, listener)`; `size` its share of the whole, for the progress bar."""

    key: str
    subject: str
    label: str
    work: str
    size: float
    needs: frozenset[str] = frozenset()


def tasks_run(cache: Path, tasks: Iterable[Task], *, done: Iterable[Task] = (), processes: int, tell: Tell) -> None:
    """Runs `tasks`; `done` only count in the progress. `tell` hears work done, work in all, and what is being done."""
    waiting, ready = list(tasks), list(done)
    shares = {task.key: task.size for task in ready} | {task.key: 0.0 for task in waiting}
    total = sum(task.size for task in [*waiting, *ready])
    if waiting:
        context = multiprocessing.get_context("spawn")
        notes = context.Queue()
        with ProcessPoolExecutor(processes, mp_context=context, initializer=_prepare, initargs=(notes,)) as pool:
            running: dict[Future[None], Task] = {}
            while waiting or running:
                _start(pool, cache, waiting, running)
                finished, _ = wait(running, timeout=POLL_S, return_when=FIRST_COMPLETED)
                while not notes.empty():
                    key, share, label = notes.get()
                    shares[key] = max(shares[key], share)
                    tell(sum(shares.values()), total, label)
                for future in finished:
                    task = running.pop(future)
                    future.result()
                    shares[task.key] = task.size
    tell(total, total, "")


def _start(pool: ProcessPoolExecutor, cache: Path, waiting: list[Task], running: dict[Future[None], Task]) -> None:
    open_keys = {task.key for task in [*waiting, *running.values()]}
    for task in [task for task in waiting if not task.needs & open_keys]:
        waiting.remove(task)
        running[pool.submit(_work, task, cache)] = task


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


def _work(task: Task, cache: Path) -> None:
    module, _, name = task.work.partition(":")

    def listener(done: float, total: float, message: str) -> None:
        _notes.put((task.key, task.size * done / total, task.label))

    getattr(import_module(module), name)(cache, task.subject, listener)

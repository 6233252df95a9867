"""What there is to do for a zoo of so many seeds: one task per entry, and one per seed for the sweep over merge recipes."""

from pathlib import Path

from workers.demo.cache import folder_of, made_get
from workers.demo.pool import Task
from workers.demo.sweep import SWEPT, sweep_folder
from workers.demo.zoo import ENTRIES, Entry

SWEEP_SIZE = 5.0


def tasks_of(cache: Path, seeds: int, *, only_study: bool = False) -> tuple[list[Task], list[Task]]:
    """(to do, done). Bases go first, large before small: everything else waits for one of them.

    `only_study`: the base and its fine-tunes, which is what a merge needs, and no sweep.
    """
    entries = [entry for entry in ENTRIES if entry.seed < seeds and (entry.name in SWEPT or not only_study)]
    entries.sort(key=lambda entry: (bool(entry.parent), -entry.size))
    tasks = [(_entry_task(entry), made_get(folder_of(cache, entry)) is not None) for entry in entries]
    if not only_study:
        tasks += [(_sweep_task(seed), made_get(sweep_folder(cache, seed)) is not None) for seed in range(seeds)]
    return [task for task, is_made in tasks if not is_made], [task for task, is_made in tasks if is_made]


def _entry_task(entry: Entry) -> Task:
    needs = frozenset({entry.parent_key} if entry.parent else set())
    return Task(
        entry.key, entry.key, f"{entry.name}, seed {entry.seed}", "workers.demo.training:make", entry.size, needs
    )


def _sweep_task(seed: int) -> Task:
    needs = frozenset(f"{name}@{seed}" for name in SWEPT)
    return Task(
        f"sweep@{seed}", str(seed), f"choosing the merge, seed {seed}", "workers.demo.sweep:sweep", SWEEP_SIZE, needs
    )

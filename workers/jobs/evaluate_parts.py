"""PARTS of a unit: the examples answered so far, in files that survive a kill. A unit goes on behind its last part.

Parts end where time ends them, always between two batches: the answers are the same wherever that was.
"""

import json
import os
import shutil
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from workers.contracts.errors import ResourceError
from workers.jobs.outputs import write_json

FIRST_BATCHES = 4
PART_S = 10.0


@dataclass(frozen=True)
class Note:
    """Rows `start:stop`, answered in batches of `batch_size` within `seconds`."""

    key: str
    start: int
    stop: int
    batch_size: int
    seconds: float


class Parts:
    """The parts of one unit in `folder`. Those of another key (other weights, data or settings) do not count and are removed."""

    def __init__(self, folder: Path, key: str) -> None:
        self.folder, self.key = folder, key
        self.notes: list[Note] = []
        found = sorted(folder.glob("*.json"), key=lambda path: path.name) if folder.is_dir() else []
        for path in found:
            note = Note(**json.loads(path.read_text(encoding="utf-8")))
            if note.key != key or note.start != self.stop:
                shutil.rmtree(folder)
                self.notes = []
                break
            self.notes.append(note)
        folder.mkdir(parents=True, exist_ok=True)

    @property
    def stop(self) -> int:
        return self.notes[-1].stop if self.notes else 0

    @property
    def seconds(self) -> float:
        return sum(note.seconds for note in self.notes)

    def add(self, table: Any, start: int, batch_size: int, seconds: float) -> None:
        """The note goes last and by rename: a note on disk means that the answers beside it are complete."""
        from workers.engine.evaluate.answers import write_table

        name = f"{start:012d}"
        write_table(table, self.folder / f"{name}.part")
        os.replace(self.folder / f"{name}.part", self.folder / f"{name}.parquet")
        note = Note(self.key, start, start + len(table), batch_size, round(seconds, 6))
        write_json(self.folder / f"{name}.part", asdict(note))
        os.replace(self.folder / f"{name}.part", self.folder / f"{name}.json")
        self.notes.append(note)

    def table(self) -> Any:
        """All answers so far, in the order of the data."""
        import pyarrow as pa
        import pyarrow.parquet as pq

        return pa.concat_tables([pq.read_table(self.folder / f"{note.start:012d}.parquet") for note in self.notes])


def answer_parts(
    parts: Parts,
    ask: Callable[[int, int, int], Any],
    *,
    examples: int,
    batch_size: int,
    is_whole: bool,
    smaller: Callable[[int], None],
    now: Callable[[], float] = time.monotonic,
) -> int:
    """Calls `ask(start, stop, batch_size)` for what is still open, and keeps the tables it gives. Gives the last batch size.

    When memory runs out the batch is halved, `smaller` is told, and the part is begun again.

    Raises:
        ResourceError: memory ran out with one example at a time.
    """
    batch = parts.notes[-1].batch_size if parts.notes else batch_size
    batches = FIRST_BATCHES
    while parts.stop < examples:
        start = parts.stop
        stop = examples if is_whole else min(start + batches * batch, examples)
        began = now()
        try:
            table = ask(start, stop, batch)
        except (MemoryError, RuntimeError) as error:
            if not is_out_of_memory(error):
                raise
            if batch == 1:
                message = "Memory ran out with one example at a time. Measure on a machine with more of it."
                raise ResourceError(message) from error
            batch //= 2
            smaller(batch)
            continue
        took = now() - began
        parts.add(table, start, batch, took)
        # Twice as much at a time until a part takes its time; half as much when it takes too long.
        batches = batches * 2 if took < PART_S / 2 else max(1, batches // 2) if took > 2 * PART_S else batches
    return batch


def is_out_of_memory(error: BaseException) -> bool:
    """torch tells of it in words only; CUDA has a class of its own, which need not be imported to be recognised."""
    text = str(error)
    return isinstance(error, MemoryError) or (
        type(error).__name__ == "OutOfMemoryError" or "can't allocate memory" in text or "not enough memory" in text
    )

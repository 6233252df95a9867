"""Makes parts whose sizes are known only once they are made: in units that are journalled, and put together into one file at the end."""

from collections import deque
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from kernels.raw import format_of
from workers.contracts.jobs import ReportFile
from workers.contracts.plans import TensorStep
from workers.contracts.ports import Cancel, Reporter
from workers.engine.io.digest import TensorMark, mark_of, tensor_digest
from workers.engine.io.journal import Journal, ShardRecord
from workers.engine.io.reader import Reader
from workers.engine.io.writer import ShardWriter, Slot, order_of

# What a kill may cost at most, in bytes of inputs.
UNIT_BYTES = 256 << 20


@dataclass(frozen=True)
class Piece:
    """What one step gives: tensors by key (none where nothing changed), and what the report says of it."""

    tensors: Mapping[str, torch.Tensor]
    note: dict[str, Any]


Make = Callable[[TensorStep], Piece]


@dataclass(frozen=True)
class Assembled:
    file: ReportFile
    digest: str
    notes: dict[str, dict[str, Any]]
    resumed_units: int


def assemble(
    steps: Sequence[TensorStep], make: Make, path: Path, journal: Journal, *, reporter: Reporter, cancel: Cancel, threads: int = 1,
    leave_out: Callable[[Mapping[str, dict[str, Any]]], Collection[str]] = lambda notes: (),
) -> Assembled:  # fmt: skip
    """Makes every step's tensors and leaves them in `path`.

    `leave_out` says, from the notes of all steps, which tensors do not go into the file after all.

    Raises:
        UserError: from `make`.
        Cancelled: from the ports.

    Cost: the pieces of one unit in memory; on disk the result twice while it is put together.
    Determinism: each step by one thread with one intra-op thread, so that bytes depend neither on `threads` nor on resumes.
    """
    records: list[ShardRecord] = []
    done, total, resumed = 0, sum(_bytes(step) for step in steps), 0
    with ThreadPoolExecutor(max_workers=max(1, threads), thread_name_prefix="extract") as pool:
        for index, unit in enumerate(_units(steps)):
            cancel.raise_if_requested()
            file = f"unit-{index + 1:05d}.safetensors"
            record = journal.finished(file)
            if record is None:
                record = _write(journal, file, unit, make, pool, threads, cancel)
                reporter.checkpoint(file, sha256=record.sha256)
            else:
                resumed += 1
            records.append(record)
            done += sum(_bytes(step) for step in unit)
            reporter.progress(done, total, "bytes", unit[-1].name)
    notes = {name: note for record in records for name, note in record.notes.items()}
    out = set(leave_out(notes))
    marks = [mark for record in records for mark in record.tensors if mark.name not in out]
    places = {mark.name: record.file for record in records for mark in record.tensors}
    return Assembled(_join(marks, places, journal.folder, path), tensor_digest(marks), notes, resumed)


def _units(steps: Sequence[TensorStep]) -> Iterator[list[TensorStep]]:
    unit: list[TensorStep] = []
    for step in steps:
        if unit and sum(_bytes(held) for held in unit) + _bytes(step) > UNIT_BYTES:
            yield unit
            unit = []
        unit.append(step)
    if unit:
        yield unit


def _bytes(step: TensorStep) -> int:
    return sum(item.fact.size_bytes for item in step.inputs)


def _write(
    journal: Journal, file: str, unit: Sequence[TensorStep], make: Make, pool: ThreadPoolExecutor, threads: int, cancel: Cancel
) -> ShardRecord:  # fmt: skip
    tensors: dict[str, torch.Tensor] = {}
    notes: dict[str, Any] = {}
    under_way: deque[tuple[TensorStep, Future[Piece]]] = deque()
    waiting = deque(unit)
    try:
        while waiting or under_way:
            cancel.raise_if_requested()
            while waiting and len(under_way) < threads + 1:
                step = waiting.popleft()
                under_way.append((step, pool.submit(make, step)))
            step, future = under_way.popleft()
            piece = future.result()
            tensors |= piece.tensors
            notes[step.name] = piece.note
    finally:
        for _, future in under_way:
            future.cancel()
        for _, future in under_way:
            if not future.cancelled():
                future.exception()
    slots = order_of([Slot(key, format_of(tensor), tuple(tensor.shape)) for key, tensor in tensors.items()])
    marks = tuple(mark_of(slot.name, tensors[slot.name]) for slot in slots)
    with ShardWriter(journal.folder / file, slots) as writer:
        for slot in slots:
            writer.write(slot.name, tensors[slot.name])
        writer.finish()
    record = ShardRecord(file, writer.size_bytes, writer.sha256, marks, notes)
    journal.record(record)
    return record


def _join(marks: Sequence[TensorMark], places: Mapping[str, str], folder: Path, path: Path) -> ReportFile:
    with Reader(folder) as reader:
        ordered = sorted(marks, key=lambda mark: mark.name)
        slots = order_of([Slot(mark.name, mark.dtype, mark.shape) for mark in ordered])
        path.parent.mkdir(parents=True, exist_ok=True)
        with ShardWriter(path, slots) as writer:
            for slot in slots:
                fact = reader.names(places[slot.name])[slot.name]
                writer.write(slot.name, reader.tensor(slot.name, fact))
                reader.release(fact)
            writer.finish()
    return ReportFile(path=path.name, size_bytes=writer.size_bytes, sha256=writer.sha256)

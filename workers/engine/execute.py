"""Carries out a plan: loads late, frees early, writes each shard as its tensors come, and journals it.

Peak memory is that of the tensors in flight (`threads` + 1 of the largest), whatever the number of tensors.
"""

import hashlib
import json
import math
import os
import shutil
from collections import Counter, deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from kernels.late import once_loaded, torch
from workers.contracts.errors import UserError
from workers.contracts.facts import DTYPE_BYTES
from workers.contracts.findings import Finding
from workers.contracts.jobs import ReportFile
from workers.contracts.plans import Plan, TensorStep
from workers.contracts.ports import Cancel, Reporter
from workers.engine.devices import device_named
from workers.engine.io.deltas import readers_of
from workers.engine.io.digest import TensorMark, tensor_digest
from workers.engine.io.dtypes import format_named
from workers.engine.io.journal import Journal, ShardRecord
from workers.engine.io.reader import Reader
from workers.engine.io.writer import ShardWriter, Slot, order_of
from workers.engine.make import Made, Merger, make, merger_of
from workers.engine.merge.learned import Learned
from workers.engine.survey import settled
from workers.planning.components import component_of, stem_of
from workers.planning.merge_memory import PROCESS_BYTES, step_memory

# How many times as many tensors may be under way when they are small.
AHEAD = 4


@dataclass
class Outcome:
    """`tensors` holds each merged tensor's measures by name; `marks` what the digest was made of."""

    files: list[ReportFile] = field(default_factory=list)
    marks: list[TensorMark] = field(default_factory=list)
    tensors: dict[str, dict[str, Any]] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)
    resumed_units: int = 0
    read_bytes: int = 0
    written_bytes: int = 0

    @property
    def digest(self) -> str:
        return tensor_digest(self.marks)


def execute(
    plan: Plan, folders: Sequence[Path], out: Path, journal: Path, *, reporter: Reporter, cancel: Cancel,
    threads: int = 1, memory_bytes: int | None = None, learned: Path | None = None,
    device: str = "cpu", hash_files: bool = True,
) -> Outcome:  # fmt: skip
    """Makes every tensor of the plan and leaves the weight files, and their index where there are several, in `out`.

    Args:
        plan: one step per output tensor.
        folders: the model folders, in the order in which the plan counts its sources.
        out: receives the finished files.
        journal: finished shards and their records; what is there from an earlier attempt at this plan is used again.
        reporter, cancel: called between tensors.
        threads: how many tensors are made at a time.
        memory_bytes: anonymous memory of the whole process to stay within; fewer tensors are then in flight.
        learned: the folder in which the method left what it learned from data; its name stands for what that is.
        device: where tensors are merged; whether that pays is the plan's to say (`workers.planning.devices`).
        hash_files: hash each file as a whole besides its tensors.

    Returns:
        Files with their sha256, the digest's marks, measures per merged tensor, findings.

    Raises:
        UserError: an input is not what the plan says; tensors that must be equal differ; not even one tensor fits
            `memory_bytes`; there is no such device.
        Cancelled: from the ports.

    Cost: the results of `threads` + 1 steps, and the working stretches of `threads`.
    Determinism: every tensor is made by one thread with one intra-op thread, so that bytes do not depend on `threads`, on the
        order of work or on how often it was resumed.
    """
    once_loaded(lambda: torch.set_num_threads(1))
    readers = readers_of(plan, folders)
    merger = replace(merger_of(plan, None if learned is None else Learned(learned)), device=device_named(device))
    in_flight = _in_flight(plan, merger, threads, memory_bytes)
    try:
        with ThreadPoolExecutor(max_workers=min(max(1, threads), in_flight), thread_name_prefix="merge") as pool:
            kept = Journal(journal, _key(plan, learned, device))
            merger = settled(plan, readers, merger, pool, kept, in_flight=in_flight, reporter=reporter, cancel=cancel)
            outcome = _Execution(plan, readers, merger, pool, in_flight, reporter, cancel, hash_files).run(kept)
    finally:
        for reader in readers:
            reader.close()
    _place(outcome, plan, kept, out)
    return outcome


def _key(plan: Plan, learned: Path | None, device: str) -> str:
    """What a journal is for. Another device may give other last digits."""
    parts = [plan_digest(plan), "" if learned is None else learned.name, "" if device == "cpu" else "gpu"]
    return "".join(parts)


def plan_digest(plan: Plan) -> str:
    return hashlib.sha256(plan.model_dump_json().encode()).hexdigest()


def shard_names(plan: Plan) -> list[str]:
    """`model.safetensors`, or `model-00001-of-00003.safetensors` …; `adapter_model` where the inputs are adapters; those of a
    component in its folder, called as they were."""
    steps = {step.name: step for step in plan.steps}
    folders = [component_of(steps[names[0]]) if names else "" for names in plan.shards]
    stems = {folder: _stem(plan, folder) for folder in set(folders)}
    counts, places = Counter(folders), Counter[str]()
    names = []
    for folder in folders:
        places[folder] += 1
        part = "" if counts[folder] == 1 else f"-{places[folder]:05d}-of-{counts[folder]:05d}"
        names.append(f"{folder}/" * bool(folder) + f"{stems[folder]}{part}.safetensors")
    return names


def _stem(plan: Plan, folder: str) -> str:
    files = {item.fact.file for step in plan.steps if component_of(step) == folder for item in step.inputs}
    if folder:
        return stem_of(file.rpartition("/")[2] for file in files)
    return "adapter_model" if files and all(_is_adapter(file) for file in files) else "model"


def _is_adapter(file: str) -> bool:
    return file.rpartition("/")[2].startswith("adapter_model")


def _in_flight(plan: Plan, merger: Merger, threads: int, memory_bytes: int | None) -> int:
    """How many tensors may exist at a time: one per thread and one that is being written, or as many as fit."""
    wanted = max(1, threads) + 1
    if memory_bytes is None:
        return wanted
    largest = max(plan.steps, key=lambda step: _memory_of(plan, merger, step), default=None)
    if largest is None:
        return 1
    needed = _memory_of(plan, merger, largest)
    fitting = (memory_bytes - PROCESS_BYTES) // max(1, needed)
    if fitting < 1:
        raise _too_little_memory(largest, needed + PROCESS_BYTES, memory_bytes)
    return min(wanted, fitting)


@dataclass
class _Execution:
    plan: Plan
    readers: Sequence[Reader]
    merger: Merger
    pool: ThreadPoolExecutor
    in_flight: int
    reporter: Reporter
    cancel: Cancel
    hash_files: bool
    outcome: Outcome = field(default_factory=Outcome)
    done: int = 0
    total: int = 0
    room: int = 0

    def __post_init__(self) -> None:
        self.room = self.in_flight * max((_result_bytes(step) for step in self.plan.steps), default=0)

    def run(self, journal: Journal) -> Outcome:
        steps = {step.name: step for step in self.plan.steps}
        self.total = sum(_read_bytes(step) for step in self.plan.steps)
        for file, names in zip(shard_names(self.plan), self.plan.shards, strict=True):
            self.cancel.raise_if_requested()
            chosen = [steps[name] for name in names]
            record = journal.finished(file)
            if record is None or (self.hash_files and not record.sha256):
                record = self._write(file, journal.path(file), chosen)
                journal.record(record)
                self.outcome.written_bytes += record.size_bytes
                self.reporter.checkpoint(file, sha256=record.sha256)
            else:
                self.outcome.resumed_units += 1
                self._progress(chosen, f"{file} is already there")
            self._collect(record)
        return self.outcome

    def _write(self, file: str, path: Path, steps: Sequence[TensorStep]) -> ShardRecord:
        by_name = {_stored_name(step): step for step in steps}
        slots = order_of([Slot(name, format_named(step.dtype), step.shape) for name, step in by_name.items()])
        marks, notes = [], {}
        with ShardWriter(path, slots, hashed=self.hash_files) as writer:
            for step, made in self._in_order([by_name[slot.name] for slot in slots]):
                writer.write(_stored_name(step), made.raw)
                marks.append(made.mark)
                if made.measures is not None:
                    notes[step.name] = made.measures
                for item in step.inputs:
                    self.readers[item.source].release(item.fact)
                self.outcome.read_bytes += _read_bytes(step)
                del made
                self._progress([step], step.name)
                self.cancel.raise_if_requested()
            writer.finish()
            return ShardRecord(file, writer.size_bytes, writer.sha256, tuple(marks), notes)

    def _in_order(self, steps: Sequence[TensorStep]) -> Iterator[tuple[TensorStep, Made]]:
        """Makes the steps in the pool, a few ahead, and gives them in order. Leaving early waits for those under way."""
        under_way: deque[tuple[TensorStep, Future[Made]]] = deque()
        waiting = deque(steps)
        try:
            while waiting or under_way:
                while waiting and self._has_room(waiting[0], [step for step, _ in under_way]):
                    step = waiting.popleft()
                    for item in step.inputs:
                        self.readers[item.source].prefetch(item.fact)
                    under_way.append((step, self.pool.submit(make, self.plan, step, self.readers, self.merger)))
                step, future = under_way[0]
                # It stays in the queue until it is written: what is being written is in flight too.
                yield step, future.result()
                under_way.popleft()
                del future  # and the tensor with it, before more is started
        finally:
            for _, future in under_way:
                future.cancel()
            for _, future in under_way:
                if not future.cancelled():
                    future.exception()

    def _has_room(self, step: TensorStep, under_way: Sequence[TensorStep]) -> bool:
        """Whether one more result fits into what the largest ones would take: many small ones may wait for a large one."""
        if len(under_way) < self.in_flight:
            return True
        if len(under_way) >= AHEAD * self.in_flight:
            return False
        return sum(map(_result_bytes, (step, *under_way))) <= self.room

    def _progress(self, steps: Sequence[TensorStep], message: str) -> None:
        self.done += sum(_read_bytes(step) for step in steps)
        self.reporter.progress(self.done, self.total, "bytes", message)

    def _collect(self, record: ShardRecord) -> None:
        outcome = self.outcome
        outcome.files.append(ReportFile(path=record.file, size_bytes=record.size_bytes, sha256=record.sha256))
        outcome.marks.extend(record.tensors)
        for name, measures in record.notes.items():
            outcome.tensors[name] = measures
            if measures["bad_inputs"] or measures["bad_results"]:
                outcome.findings.append(_not_finite(name, measures))


def _stored_name(step: TensorStep) -> str:
    """What the file calls the tensor: a component's files know nothing of its folder."""
    return step.inputs[0].fact.stored_name(step.name) if step.inputs else step.name


def _memory_of(plan: Plan, merger: Merger, step: TensorStep) -> int:
    return step_memory(step, merger.memory, plan.in_memory, plan.input_dtype)


def _result_bytes(step: TensorStep) -> int:
    return math.prod(step.shape) * DTYPE_BYTES[format_named(step.dtype)]


def _read_bytes(step: TensorStep) -> int:
    return sum(item.fact.size_bytes for item in step.inputs)


def _too_little_memory(step: TensorStep, needed: int, given: int) -> UserError:
    message = f"{step.name} alone needs about {-(-needed >> 20)} MiB, {given >> 20} MiB are allowed."
    finding = Finding(
        code="memory_too_small", severity="error", message=message, where=step.name, stage="run",
        consequence="A tensor is made in one piece, so the merge cannot run in less.",
    )  # fmt: skip
    return UserError(message, (finding,))


def _not_finite(name: str, measures: dict[str, Any]) -> Finding:
    results, inputs = measures["bad_results"], measures["bad_inputs"]
    return Finding(
        code="not_finite", severity="warning", where=name, stage="run",
        message=f"{name}: {results} entries of the result and {inputs} of the inputs are infinite or not a number.",
        consequence="A model with such entries often answers nothing but NaN.",
    )  # fmt: skip


def _place(outcome: Outcome, plan: Plan, journal: Journal, out: Path) -> None:
    """Puts the finished files into `out` by hard link, so that the journal keeps them until the whole job is done."""
    for file in outcome.files:
        target = out / file.path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.unlink(missing_ok=True)
        try:
            os.link(journal.path(file.path), target)
        except OSError:
            shutil.copyfile(journal.path(file.path), target)
    _place_indexes(outcome, plan, out)


def _place_indexes(outcome: Outcome, plan: Plan, out: Path) -> None:
    """An index in each folder whose weights are in several files."""
    steps = {step.name: step for step in plan.steps}
    sizes = {mark.name: Slot(mark.name, mark.dtype, mark.shape).size_bytes for mark in outcome.marks}
    folders: dict[str, list[tuple[str, Sequence[str]]]] = {}
    for file, names in zip(outcome.files, plan.shards, strict=True):
        folder, _, own = file.path.rpartition("/")
        folders.setdefault(folder, []).append((own, names))
    for folder, files in folders.items():
        if len(files) == 1:
            continue
        weight_map = {_stored_name(steps[name]): own for own, names in files for name in names}
        size = sum(sizes[name] for _, names in files for name in names)
        index = {"metadata": {"total_size": size}, "weight_map": dict(sorted(weight_map.items()))}
        stem = files[0][0].partition("-")[0]
        path = out / folder / f"{stem}.safetensors.index.json"
        path.write_text(json.dumps(index, indent=2) + "\n", encoding="utf-8")

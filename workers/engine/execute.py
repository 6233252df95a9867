"""Carries out a plan: loads late, frees early, writes each shard as its tensors come, and journals it.

Peak memory is that of the tensors in flight (`threads` + 1 of them), whatever the number of tensors.
"""

import hashlib
import importlib
import json
import os
import shutil
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch

from workers.contracts.errors import UserError
from workers.contracts.findings import Finding
from workers.contracts.jobs import ReportFile
from workers.contracts.methods import method_get
from workers.contracts.plans import Plan, TensorStep
from workers.contracts.ports import Cancel, Reporter
from workers.engine.io.digest import TensorMark, bytes_of, tensor_digest, tensor_sha256
from workers.engine.io.dtypes import SAFETENSORS, dtype_of
from workers.engine.io.journal import Journal, ShardRecord
from workers.engine.io.reader import Reader
from workers.engine.io.writer import ShardWriter, Slot, order_of
from workers.engine.merge.step import MergeStep

MergeFunction = Callable[[MergeStep], torch.Tensor]


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


@dataclass(frozen=True)
class _Made:
    tensor: torch.Tensor
    mark: TensorMark
    measures: dict[str, Any] | None


def execute(
    plan: Plan, folders: Sequence[Path], out: Path, journal: Path, *, reporter: Reporter, cancel: Cancel, threads: int = 1
) -> Outcome:  # fmt: skip
    """Makes every tensor of the plan and leaves the weight files, and their index where there are several, in `out`.

    Args:
        plan: one step per output tensor.
        folders: the model folders, in the order in which the plan counts its sources.
        out: receives the finished files.
        journal: finished shards and their records; what is there from an earlier attempt at this plan is used again.
        reporter, cancel: called between tensors.
        threads: how many tensors are made at a time.

    Returns:
        Files with their sha256, the digest's marks, measures per merged tensor, findings.

    Raises:
        UserError: an input is not what the plan says, or tensors that must be equal differ.
        Cancelled: from the ports.

    Cost: (threads + 1) × (the largest result, plus for some methods one working copy).
    Determinism: every tensor is made by one thread with one intra-op thread, so that bytes do not depend on `threads`, on the
        order of work or on how often it was resumed.
    """
    torch.set_num_threads(1)
    outcome = Outcome()
    steps = {step.name: step for step in plan.steps}
    records = Journal(journal, plan_digest(plan))
    names = shard_names(plan)
    total = sum(_read_bytes(step) for step in plan.steps)
    done = 0
    readers = [Reader(folder) for folder in folders]
    try:
        with ThreadPoolExecutor(max_workers=max(1, threads), thread_name_prefix="merge") as pool:
            for file, shard in zip(names, plan.shards, strict=True):
                cancel.raise_if_requested()
                chosen = [steps[name] for name in shard]
                record = records.finished(file)
                if record is not None:
                    outcome.resumed_units += 1
                    done += sum(_read_bytes(step) for step in chosen)
                    reporter.progress(done, total, "bytes", f"{file} is already there")
                else:
                    record, done = _write_shard(
                        plan, chosen, records.folder / file, readers, pool, reporter, cancel, done, total, threads
                    )
                    records.record(record)
                    outcome.read_bytes += sum(_read_bytes(step) for step in chosen)
                    outcome.written_bytes += record.size_bytes
                    reporter.checkpoint(file, sha256=record.sha256)
                _collect(outcome, record)
    finally:
        for reader in readers:
            reader.close()
    _place(outcome, plan, records.folder, out)
    return outcome


def plan_digest(plan: Plan) -> str:
    return hashlib.sha256(plan.model_dump_json().encode()).hexdigest()


def shard_names(plan: Plan) -> list[str]:
    """`model.safetensors`, or `model-00001-of-00003.safetensors` …; `adapter_model` where the inputs are adapters."""
    adapters = bool(plan.steps) and all(_is_adapter(item.fact.file) for step in plan.steps for item in step.inputs)
    stem = "adapter_model" if adapters else "model"
    count = len(plan.shards)
    if count == 1:
        return [f"{stem}.safetensors"]
    return [f"{stem}-{index + 1:05d}-of-{count:05d}.safetensors" for index in range(count)]


def _is_adapter(file: str) -> bool:
    return file.rpartition("/")[2].startswith("adapter_model")


def _write_shard(
    plan: Plan, steps: Sequence[TensorStep], path: Path, readers: Sequence[Reader], pool: ThreadPoolExecutor,
    reporter: Reporter, cancel: Cancel, done: int, total: int, threads: int,
) -> tuple[ShardRecord, int]:  # fmt: skip
    slots = order_of([Slot(step.name, SAFETENSORS[dtype_of(step.dtype)], step.shape) for step in steps])
    by_name = {step.name: step for step in steps}
    ordered = [by_name[slot.name] for slot in slots]
    marks, notes = [], {}
    with ShardWriter(path, slots) as writer:
        for step, made in _in_order(plan, ordered, readers, pool, threads):
            writer.write(step.name, made.tensor)
            marks.append(made.mark)
            if made.measures is not None:
                notes[step.name] = made.measures
            done += _read_bytes(step)
            reporter.progress(done, total, "bytes", step.name)
            cancel.raise_if_requested()
        writer.finish()
        return ShardRecord(path.name, writer.size_bytes, writer.sha256, tuple(marks), notes), done


def _in_order(
    plan: Plan, steps: Sequence[TensorStep], readers: Sequence[Reader], pool: ThreadPoolExecutor, threads: int
) -> Iterator[tuple[TensorStep, _Made]]:
    """Makes the steps in the pool, at most `threads` + 1 ahead, and gives them in order. Leaving early waits for those under way."""
    method = _method(plan)
    under_way: deque[tuple[TensorStep, Future[_Made]]] = deque()
    waiting = deque(steps)
    try:
        while waiting or under_way:
            while waiting and len(under_way) <= threads:
                step = waiting.popleft()
                for item in step.inputs:
                    readers[item.source].prefetch(item.fact)
                under_way.append((step, pool.submit(_make, plan, step, readers, method)))
            step, future = under_way.popleft()
            yield step, future.result()
    finally:
        for _, future in under_way:
            future.cancel()
        for _, future in under_way:
            if not future.cancelled():
                future.exception()


def _method(plan: Plan) -> MergeFunction:
    row = method_get("merge", plan.method)
    if row is None:
        raise UserError(f"There is no merge method {plan.method!r}.")
    module, _, function = row.runner.partition(":")
    found: MergeFunction = getattr(importlib.import_module(module), function)
    return found


def _make(plan: Plan, step: TensorStep, readers: Sequence[Reader], method: MergeFunction) -> _Made:
    tensors = [readers[item.source].tensor(item.key, item.fact) for item in step.inputs]
    dtype = dtype_of(step.dtype)
    measures = None
    if step.operation == "copy" or not all(tensor.is_floating_point() for tensor in tensors):
        made = _copied(step, tensors, dtype)
    else:
        merge_step = _merge_step(plan, step, tensors, dtype)
        made = method(merge_step).view(step.shape)
        measures = merge_step.measures.report(merge_step.elements)
    mark = TensorMark(step.name, SAFETENSORS[dtype], step.shape, tensor_sha256(made))
    if not made.is_floating_point() or step.operation == "merge":
        for item in step.inputs:
            readers[item.source].release(item.fact)
    return _Made(made, mark, measures)


def _merge_step(plan: Plan, step: TensorStep, tensors: Sequence[torch.Tensor], dtype: torch.dtype) -> MergeStep:
    if any(tuple(tensor.shape) != step.shape for tensor in tensors):
        raise ValueError(f"{step.name}: the plan merges different shapes.")
    base, sources = (tensors[0], tensors[1:]) if step.has_base else (None, tensors)
    wide = torch.float64 in (dtype, *(tensor.dtype for tensor in tensors))
    return MergeStep(
        name=step.name,
        base=None if base is None else base.flatten(),
        sources=tuple(source.flatten() for source in sources),
        source_ids=tuple(item.source for item in step.inputs[1 if step.has_base else 0 :]),
        parameters=step.parameters,
        dtype=dtype,
        maths=torch.float64 if wide else torch.float32,
        seed=plan.seed,
    )


def _copied(step: TensorStep, tensors: Sequence[torch.Tensor], dtype: torch.dtype) -> torch.Tensor:
    """The first input. Whole numbers have no average, so all inputs must hold the same ones."""
    first = tensors[0]
    if not first.is_floating_point():
        for item, other in zip(step.inputs[1:], tensors[1:], strict=True):
            if other.dtype != first.dtype or other.shape != first.shape or bytes_of(other) != bytes_of(first):
                raise _differs(step.name, item.source)
        return first
    return first if first.dtype == dtype else first.to(dtype)


def _differs(name: str, source: int) -> UserError:
    message = f"{name} holds whole numbers and differs between the models (model {source} is not like the first)."
    finding = Finding(
        code="integer_tensor_differs", severity="error", message=message, where=name, stage="run",
        consequence="Whole numbers cannot be averaged, and picking one model's would be a guess.",
    )  # fmt: skip
    return UserError(message, (finding,))


def _read_bytes(step: TensorStep) -> int:
    return sum(item.fact.size_bytes for item in step.inputs)


def _collect(outcome: Outcome, record: ShardRecord) -> None:
    outcome.files.append(ReportFile(path=record.file, size_bytes=record.size_bytes, sha256=record.sha256))
    outcome.marks.extend(record.tensors)
    for name, measures in record.notes.items():
        outcome.tensors[name] = measures
        if measures["bad_inputs"] or measures["bad_results"]:
            outcome.findings.append(_not_finite(name, measures))


def _not_finite(name: str, measures: dict[str, Any]) -> Finding:
    results, inputs = measures["bad_results"], measures["bad_inputs"]
    return Finding(
        code="not_finite", severity="warning", where=name, stage="run",
        message=f"{name}: {results} entries of the result and {inputs} of the inputs are infinite or not a number.",
        consequence="A model with such entries often answers nothing but NaN.",
    )  # fmt: skip


def _place(outcome: Outcome, plan: Plan, journal: Path, out: Path) -> None:
    """Puts the finished files into `out` by hard link, so that the journal keeps them until the whole job is done."""
    out.mkdir(parents=True, exist_ok=True)
    for file in outcome.files:
        target = out / file.path
        target.unlink(missing_ok=True)
        try:
            os.link(journal / file.path, target)
        except OSError:
            shutil.copyfile(journal / file.path, target)
    if len(outcome.files) > 1:
        weight_map = {name: file.path for file, shard in zip(outcome.files, plan.shards, strict=True) for name in shard}
        size = sum(Slot(mark.name, mark.dtype, mark.shape).size_bytes for mark in outcome.marks)
        index = {"metadata": {"total_size": size}, "weight_map": dict(sorted(weight_map.items()))}
        stem = outcome.files[0].path.partition("-")[0]
        (out / f"{stem}.safetensors.index.json").write_text(json.dumps(index, indent=2) + "\n", encoding="utf-8")

"""Makes one output tensor of a plan: brings its inputs in, runs the method or copies, marks the result."""

import importlib
import math
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial, reduce
from types import ModuleType
from typing import Any

import torch

from workers.contracts.errors import UserError
from workers.contracts.findings import Finding
from workers.contracts.methods import Memory, method_get
from workers.contracts.plans import Plan, TensorStep
from workers.engine.devices import CPU, put, turn
from workers.engine.io.digest import TensorMark, bytes_of, tensor_sha256
from workers.engine.io.dtypes import SAFETENSORS, dtype_of
from workers.engine.io.reader import Reader
from workers.engine.io.rows import Readers
from workers.engine.merge.compat import NATIVE
from workers.engine.merge.compat.whole import merge as merge_whole
from workers.engine.merge.experts import Experts
from workers.engine.merge.learned import Learned
from workers.engine.merge.pairs import Pairs
from workers.engine.merge.results import Results
from workers.engine.merge.rounds import Round, rounds_of
from workers.engine.merge.step import REDUCTION, STRETCH, MergeStep

# Bytes for each entry of a square matrix, with its eigenvectors, LAPACK's workspace and the factors of all sources; measured
# up to 140.
FACTORS = 144
# Bytes for each entry and input where whole tensors go through plain operations; measured up to 11.
NATIVE_BYTES = 12

MergeFunction = Callable[[MergeStep], torch.Tensor]


@dataclass(frozen=True)
class Merger:
    """A method ready to run: its function, what it must know of the whole model first, and what that was found to be.

    `maker`: makes whole steps, for methods whose steps are not one tensor of every source.
    """

    merge: MergeFunction
    rounds: tuple[Round, ...] = ()
    memory: Memory = "stretch"
    settled: Mapping[str, Any] = field(default_factory=dict)
    learned: Learned | None = None
    device: torch.device = CPU
    maker: Pairs | Experts | None = None
    results: Results = field(default_factory=Results)


@dataclass(frozen=True)
class Made:
    """`measures` are None for a tensor that was copied."""

    tensor: torch.Tensor
    mark: TensorMark
    measures: dict[str, Any] | None


def merger_of(plan: Plan, learned: Learned | None = None) -> Merger:
    """What the method table names for the plan's method.

    Raises:
        UserError: there is no such method.
    """
    row = method_get("merge", plan.method)
    if row is None:
        raise UserError(f"There is no merge method {plan.method!r}.")
    if plan.compat == "mergekit" and plan.method in NATIVE:
        _, native = _found(NATIVE[plan.method])
        return Merger(partial(merge_whole, native), memory="native", learned=learned)
    module, merge = _found(row.runner)
    if row.takes == "adapter":
        return Merger(merge, memory=row.memory, maker=Pairs(merge))
    if row.takes == "expert":
        return Merger(merge, memory=row.memory, maker=Experts(merge, learned))
    return Merger(merge, tuple(rounds_of(module)), row.memory, learned=learned)


def _found(dotted: str) -> tuple[ModuleType, Callable[..., Any]]:
    name, _, function = dotted.partition(":")
    module = importlib.import_module(name)
    return module, getattr(module, function)


def make(plan: Plan, step: TensorStep, readers: Sequence[Reader], merger: Merger) -> Made:
    """One output tensor.

    Args:
        plan, step: what to make; the step is one of the plan's.
        readers: one per model folder, in the order in which the plan counts its sources.
        merger: from `merger_of`, its rounds settled.

    Returns:
        The tensor in the step's shape and dtype. A copied one is a view of the mapped input.

    Raises:
        UserError: an input is not what the plan says; or whole numbers differ between the inputs.
    """
    with turn(merger.device):
        return _make(plan, step, readers, merger)


def _make(plan: Plan, step: TensorStep, readers: Sequence[Reader], merger: Merger) -> Made:
    measures = None
    merge_step = merge_step_of(plan, step, readers, merger) if merger.maker is None else None
    if merger.maker is not None:
        made, measures = merger.maker.make(plan, step, readers)
    elif merge_step is None:
        made = _copied(step, _tensors(plan, step, readers), dtype_of(step.dtype))
    else:
        made = merger.merge(merge_step).to(CPU, dtype_of(step.dtype)).view(step.shape)
        measures = merge_step.measures.report(merge_step.elements)
    mark = TensorMark(step.name, SAFETENSORS[made.dtype], step.shape, tensor_sha256(made))
    return Made(made, mark, measures)


def memory_of(
    step: TensorStep, memory: Memory = "stretch", in_memory: Collection[int] = (), input_dtype: str | None = None
) -> int:
    """An upper estimate of the anonymous memory that making this tensor takes, in bytes.

    The result; what a selection collects, a twelfth of the tensor in float32, or draws that are remembered, a bit each; three
    reduction stretches in float64; the stretches of every source twice, and a few more; inputs that are no views of a file, as
    are tables whose rows change places. A method that holds whole tensors: each source in float32, and as much again to work
    with; one that takes matrices apart: their factors in float64 besides.
    """
    # A factor of an adapter stands for a larger product.
    elements = max(math.prod(step.shape), int(step.parameters.get("elements", 0)))
    # What a task vector or an adapter changes is put together in memory: the result, and what it is decoded from.
    put_together = 8 * elements * sum(item.source in in_memory for item in step.inputs)
    if step.is_table:
        # Each input anew in the result's order; rows that stand in for missing ones, what is picked out of a file, and a mean in float64.
        width = max((dtype_of(item.fact.dtype).itemsize for item in step.inputs), default=0)
        put_together += elements * (width * (len(step.inputs) + 2) + 8)
    # Inputs that are cast first are copies, and no views of a file.
    if input_dtype is not None:
        cast = dtype_of(input_dtype)
        copied = [item.fact.elements for item in step.inputs if item.fact.dtype != SAFETENSORS[cast]]
        put_together += cast.itemsize * sum(copied)
    if memory == "matrix":
        return (
            put_together + elements * (dtype_of(step.dtype).itemsize + 8 * (len(step.inputs) + 1) + FACTORS) + (1 << 20)
        )
    if memory == "native":
        return (
            put_together
            + elements * (dtype_of(step.dtype).itemsize + NATIVE_BYTES * (len(step.inputs) + 1))
            + (1 << 20)
        )
    if memory == "tensor":
        return elements * (dtype_of(step.dtype).itemsize + 8 * (len(step.inputs) + 1)) + put_together + (1 << 20)
    result = elements * dtype_of(step.dtype).itemsize
    stretch = min(elements, STRETCH) * 8
    kept = elements * max(8, 3 * len(step.inputs)) // 24
    return put_together + result + kept + 24 * min(elements, REDUCTION) + stretch * (2 * len(step.inputs) + 8)


def merge_step_of(plan: Plan, step: TensorStep, readers: Sequence[Reader], merger: Merger) -> MergeStep | None:
    """The step as the method sees it; None for a tensor that is copied."""
    tensors, dtype = _tensors(plan, step, readers), dtype_of(step.dtype)
    if step.operation == "copy" or not all(tensor.is_floating_point() for tensor in tensors):
        return None
    if any(tuple(tensor.shape) != step.shape for tensor in tensors):
        raise ValueError(f"{step.name}: the plan merges different shapes.")
    base, sources = (tensors[0], tensors[1:]) if step.has_base else (None, tensors)
    wide = torch.float64 in (dtype, *(tensor.dtype for tensor in tensors))
    if plan.compat == "mergekit" and plan.method not in NATIVE:
        # It computes these in float32 too, and rounds to the format of the inputs before that of the result.
        dtype = reduce(torch.promote_types, [tensor.dtype for tensor in tensors])
    merge_step = MergeStep(
        name=step.name,
        base=None if base is None else base.flatten(),
        sources=tuple(source.flatten() for source in sources),
        source_ids=tuple(item.source for item in step.inputs[1 if step.has_base else 0 :]),
        parameters=step.parameters,
        dtype=dtype,
        maths=torch.float64 if wide else torch.float32,
        seed=plan.seed,
        shape=step.shape,
        settled=merger.settled,
        learned={} if merger.learned is None else merger.learned.of(step.name),
        results=merger.results,
    )
    return put(merge_step, merger.device)


def _tensors(plan: Plan, step: TensorStep, readers: Sequence[Reader]) -> list[torch.Tensor]:
    tensors = [readers[item.source].tensor(item.key, item.fact) for item in step.inputs]
    if plan.input_dtype is not None:
        cast = dtype_of(plan.input_dtype)
        tensors = [tensor.to(cast) if tensor.is_floating_point() else tensor for tensor in tensors]
    return readers.tables(step, tensors) if isinstance(readers, Readers) else tensors


def _copied(step: TensorStep, tensors: Sequence[torch.Tensor], dtype: torch.dtype) -> torch.Tensor:
    """The first input. Whole numbers have no average, so all inputs must hold the same ones."""
    first = tensors[0]
    if not all(tensor.is_floating_point() for tensor in tensors):
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

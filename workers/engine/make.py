"""Makes one output tensor of a plan: brings its inputs in, runs the method or copies, marks the result."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from types import ModuleType
from typing import Any, Protocol

from kernels.late import torch
from kernels.raw import FLOATING, Array, Raw, format_of, raw_of, tensor_of
from workers.contracts.errors import UserError
from workers.contracts.findings import Finding
from workers.contracts.methods import Memory, method_get
from workers.contracts.plans import Plan, TensorStep
from workers.engine.devices import CPU, put, turn
from workers.engine.io.digest import TensorMark, mark_of
from workers.engine.io.dtypes import dtype_of, format_named, promoted
from workers.engine.io.reader import Reader
from workers.engine.io.rows import Readers
from workers.engine.merge.compat import NATIVE
from workers.engine.merge.learned import Learned
from workers.engine.merge.results import Results
from workers.engine.merge.rounds import Round, rounds_of
from workers.engine.merge.step import MergeStep

MergeFunction = Callable[[MergeStep], Array]


class Maker(Protocol):
    """Makes whole steps, for methods whose steps are not one tensor of every source."""

    def make(
        self, plan: Plan, step: TensorStep, readers: Sequence[Reader]
    ) -> tuple[torch.Tensor, dict[str, Any] | None]:
        """The tensor in the step's shape and format, and its measures."""
        ...


@dataclass(frozen=True)
class Merger:
    """A method ready to run: its function, what it must know of the whole model first, and what that was found to be."""

    merge: MergeFunction
    rounds: tuple[Round, ...] = ()
    memory: Memory = "stretch"
    settled: Mapping[str, Any] = field(default_factory=dict)
    learned: Learned | None = None
    device: str = CPU
    maker: Maker | None = None
    results: Results = field(default_factory=Results)


@dataclass(frozen=True)
class Made:
    """`measures` are None for a tensor that was copied."""

    raw: Raw
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
        from workers.engine.merge.compat.whole import merge as merge_whole

        return Merger(partial(merge_whole, native), memory="native", learned=learned)
    module, merge = _found(row.runner)
    if row.takes == "adapter":
        from workers.engine.merge.pairs import Pairs

        return Merger(merge, memory=row.memory, maker=Pairs(merge))
    if row.takes == "expert":
        from workers.engine.merge.experts import Experts

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
    made: Array
    measures = None
    merge_step = merge_step_of(plan, step, readers, merger) if merger.maker is None else None
    if merger.maker is not None:
        made, measures = merger.maker.make(plan, step, readers)
    elif merge_step is None:
        made = _copied(step, _inputs(plan, step, readers), format_named(step.dtype))
    else:
        made = raw_of(_cast(merger.merge(merge_step), format_named(step.dtype))).view(step.shape)
        measures = merge_step.measures.report(merge_step.elements)
    raw = raw_of(made)
    return Made(raw, mark_of(step.name, raw), measures)


def merge_step_of(plan: Plan, step: TensorStep, readers: Sequence[Reader], merger: Merger) -> MergeStep | None:
    """The step as the method sees it; None for a tensor that is copied."""
    inputs, format = _inputs(plan, step, readers), format_named(step.dtype)
    formats = list(map(format_of, inputs))
    if step.operation == "copy" or not FLOATING.issuperset(formats):
        return None
    if any(tuple(given.shape) != step.shape for given in inputs):
        raise ValueError(f"{step.name}: the plan merges different shapes.")
    base, sources = (inputs[0], inputs[1:]) if step.has_base else (None, inputs)
    wide = "F64" in (format, *formats)
    if plan.compat == "mergekit" and plan.method not in NATIVE:
        # It computes these in float32 too, and rounds to the format of the inputs before that of the result.
        format = promoted(formats)
    merge_step = MergeStep(
        name=step.name,
        raw_base=None if base is None else base.flatten(),
        raw_sources=tuple(source.flatten() for source in sources),
        source_ids=tuple(item.source for item in step.inputs[1 if step.has_base else 0 :]),
        parameters=step.parameters,
        format=format,
        wide=wide,
        seed=plan.seed,
        shape=step.shape,
        settled=merger.settled,
        learned={} if merger.learned is None else merger.learned.of(step.name),
        results=merger.results,
    )
    return put(merge_step, merger.device)


def _inputs(plan: Plan, step: TensorStep, readers: Sequence[Reader]) -> list[Array]:
    inputs: list[Array] = [readers[item.source].raw(item.key, item.fact) for item in step.inputs]
    if plan.input_dtype is not None:
        cast = format_named(plan.input_dtype)
        inputs = [_cast(given, cast) if format_of(given) in FLOATING else given for given in inputs]
    return [*readers.tables(step, list(map(tensor_of, inputs)))] if isinstance(readers, Readers) else inputs


def _cast(given: Array, format: str) -> Array:
    if format_of(given) == format:
        return given
    if isinstance(given, Raw) and not given.numel():
        return Raw(given.data, format, given.shape)
    return tensor_of(given).to(dtype_of(format))


def _copied(step: TensorStep, inputs: Sequence[Array], format: str) -> Array:
    """The first input. Whole numbers have no average, so all inputs must hold the same ones."""
    first, *others = map(raw_of, inputs)
    if not all(given.format in FLOATING for given in (first, *others)):
        for item, other in zip(step.inputs[1:], others, strict=True):
            if (other.format, other.shape) != (first.format, first.shape) or other.data.data != first.data.data:
                raise _differs(step.name, item.source)
        return first
    return _cast(first, format)


def _differs(name: str, source: int) -> UserError:
    message = f"{name} holds whole numbers and differs between the models (model {source} is not like the first)."
    finding = Finding(
        code="integer_tensor_differs", severity="error", message=message, where=name, stage="run",
        consequence="Whole numbers cannot be averaged, and picking one model's would be a guess.",
    )  # fmt: skip
    return UserError(message, (finding,))

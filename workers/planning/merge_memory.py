"""How much memory making the tensors of a merge takes.

The executor makes as many tensors at a time as fit into what it is allowed, and refuses where not even one does. Check and run count
by the same rules, so what the check of a recipe calls enough is enough for the run.
"""

from collections.abc import Collection
from math import prod

from workers.contracts.facts import DTYPE_BYTES
from workers.contracts.methods import Memory, Method
from workers.contracts.plans import Plan, TensorStep

# What Python, torch and the libraries hold before the first tensor is there; measured 160–190 MiB, and a third of it without torch.
PROCESS_BYTES = 200 << 20
# Elements that are worked through at a time, and summed up in float64 at a time.
STRETCH, REDUCTION = 1 << 17, 1 << 20
# Bytes for each entry: of a square matrix with its eigenvectors, LAPACK's workspace and the factors of all sources (measured up to
# 140); and for each input besides, where whole tensors are held, or go through the operations of mergekit (up to 11).
FACTOR_BYTES, WHOLE_BYTES, NATIVE_BYTES = 144, 8, 12
# Methods that `compat: mergekit` computes in whole tensors, as it does.
NATIVE = frozenset({
    "task_arithmetic", "ties", "dare_linear", "dare_ties", "breadcrumbs", "breadcrumbs_ties", "della", "della_linear", "nuslerp",
    "multislerp", "karcher", "model_stock", "sce", "arcee_fusion", "nearswap", "ram", "ramplus_tl", "passthrough",
})  # fmt: skip


def memory_kind(plan: Plan, method: Method) -> Memory:
    """How much of its tensors the method holds, as this plan has it computed."""
    return "native" if plan.compat == "mergekit" and method.name in NATIVE else method.memory


def elements_of(step: TensorStep) -> int:
    """A factor of an adapter stands for a larger product."""
    return max(prod(step.shape), int(step.parameters.get("elements", 0)))


def decoded_bytes(step: TensorStep, in_memory: Collection[int]) -> int:
    """What a task vector or an adapter changes is put together in memory: the result, and what it is decoded from."""
    return 8 * elements_of(step) * sum(item.source in in_memory for item in step.inputs)


def table_bytes(step: TensorStep) -> int:
    """Each input of a table anew in the result's order; rows that stand in for missing ones, what is picked out of a file, and a
    mean in float64."""
    if not step.is_table:
        return 0
    width = max((DTYPE_BYTES[item.fact.dtype] for item in step.inputs), default=0)
    return elements_of(step) * (width * (len(step.inputs) + 2) + 8)


def cast_bytes(step: TensorStep, input_dtype: str | None) -> int:
    """Inputs that are cast before anything is computed are copies, and no views of a file."""
    if input_dtype is None:
        return 0
    return DTYPE_BYTES[input_dtype] * sum(item.fact.elements for item in step.inputs if item.fact.dtype != input_dtype)


def across_bytes(step: TensorStep) -> int:
    """Inputs that lie across the boundaries of their numbers in the file are copied."""
    facts = [item.fact for item in step.inputs]
    return sum(fact.size_bytes for fact in facts if fact.begin % DTYPE_BYTES[fact.dtype])


def step_memory(step: TensorStep, memory: Memory, in_memory: Collection[int] = (), input_dtype: str | None = None) -> int:  # fmt: skip
    """An upper estimate of the anonymous memory that making this one tensor takes, in bytes, without that of the process.

    The result; what a selection collects, a twelfth of the tensor in float32, or draws that are remembered, a bit each; three
    reduction stretches in float64; the stretches of every source twice, and a few more; inputs that are no views of a file. A
    method that holds whole tensors: each source in float32, and as much again to work with; one that takes matrices apart: their
    factors in float64 besides.
    """
    elements, inputs = elements_of(step), len(step.inputs)
    taken = decoded_bytes(step, in_memory) + table_bytes(step) + cast_bytes(step, input_dtype) + across_bytes(step)
    taken += elements * DTYPE_BYTES[step.dtype]
    if memory != "stretch":
        whole = NATIVE_BYTES if memory == "native" else WHOLE_BYTES
        factors = FACTOR_BYTES if memory == "matrix" else 0
        return taken + elements * (whole * (inputs + 1) + factors) + (1 << 20)
    kept = elements * max(8, 3 * inputs) // 24
    return taken + kept + 24 * min(elements, REDUCTION) + min(elements, STRETCH) * 8 * (2 * inputs + 8)


def least_memory(plan: Plan, method: Method) -> tuple[int, str]:
    """Below how many bytes a run is refused, and the tensor that takes them."""
    if not plan.steps:
        return 0, ""
    kind = memory_kind(plan, method)
    each = [(step_memory(step, kind, plan.in_memory, plan.input_dtype), step.name) for step in plan.steps]
    most, name = max(each, key=lambda pair: pair[0])
    return PROCESS_BYTES + most, name

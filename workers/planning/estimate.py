"""What a job will cost, from the plan alone: bytes, peak memory of the child, a range of seconds.

The rates were measured on one core of a small machine, with the compiled kernels; the ranges are wide because machines differ.
"""

from collections.abc import Iterable
from math import prod

from workers.contracts.facts import RepoFacts
from workers.contracts.methods import Method
from workers.contracts.plans import Estimate, Plan
from workers.planning.architectures import shape_of
from workers.planning.devices import Place, place_of
from workers.planning.merge_memory import (
    FACTOR_BYTES,
    NATIVE_BYTES,
    PROCESS_BYTES,
    WHOLE_BYTES,
    across_bytes,
    cast_bytes,
    decoded_bytes,
    elements_of,
    least_memory,
    table_bytes,
)
from workers.planning.merge_steps import step_bytes

# Anonymous memory of a Python process that imported torch, and one that imported transformers as well.
TORCH_BYTES = 180 * 2**20
TRANSFORMERS_BYTES = 420 * 2**20
# Without torch, and with it on a slow machine.
_START_S = (0.5, 4.0)
_START_MODELS_S = (5.0, 12.0)
_WRITE_RATE = 400e6
# Bytes of input per second, by method.
_RATES = {
    "linear": 1000e6, "slerp": 800e6, "nuslerp": 400e6, "multislerp": 400e6, "karcher": 400e6, "passthrough": 900e6,
    "task_arithmetic": 900e6, "ties": 450e6, "dare_ties": 450e6, "dare_linear": 480e6, "breadcrumbs": 400e6,
    "breadcrumbs_ties": 350e6, "della": 17e6, "della_linear": 17e6,
    "model_stock": 400e6, "sce": 80e6, "arcee_fusion": 45e6, "nearswap": 700e6, "ram": 300e6, "ramplus_tl": 120e6,
    "consensus": 250e6, "pcb": 25e6, "localize_stitch": 75e6, "widen": 30e6, "layer_swap": 700e6, "robust_signature": 100e6,
}  # fmt: skip
_SLOWEST_RATE = 100e6
# Inputs are mapped files and worked through in stretches of 64 Ki elements: what stays in memory is the results under way,
# with two threads three of them, one buffer of a stretch for each model, and what a method keeps besides. The allocator keeps up
# to 64 MiB of what each thread gave back.
_RESULTS = 3
_NOT_GIVEN_BACK_BYTES = 64 * 2**20
_STRETCH_BYTES = 4 * 2**16
_KEPT_BYTES = {"slerp": 4 * 8 * 2**16}
_KEPT_SHARE = {"ties": 0.12, "breadcrumbs": 0.12, "breadcrumbs_ties": 0.12, "sce": 0.12}
# Methods that hold whole tensors keep every model's in float32, and as much again to work with, in each of two threads.
_THREADS = 2
_FLOPS = (2e9, 20e9)
# Operations for each entry of a matrix, each model and each unit of its smaller side, by method; measured. WUDI: of a step.
_FACTORING = {"tsv_m": 12, "iso_c": 4, "iso_cts": 16, "knots": 8, "wudi": 1}
_OVER_VOCABULARY = ("causal-lm", "masked-lm", "multiple-choice", "generation")
# Where nobody set a limit.
_MEMORY_BYTES = 8 * 2**30


def merge_estimate(plan: Plan, method: Method) -> Estimate:
    """Peak memory does not depend on depth: it is that of the largest results under way, and never less than a run is refused below."""
    read = sum(item.fact.size_bytes for step in plan.steps for item in step.inputs)
    write = sum(step_bytes(step) for step in plan.steps)
    largest = max((step_bytes(step) for step in plan.steps), default=0)
    models = max((len(step.inputs) for step in plan.steps), default=0)
    kept = _KEPT_BYTES.get(method.name, 0) + int(_THREADS * _KEPT_SHARE.get(method.name, 0.0) * largest)
    if method.memory != "stretch" or plan.compat is not None:
        whole = WHOLE_BYTES if plan.compat is None else NATIVE_BYTES
        each = whole * (models + 1) + (FACTOR_BYTES if method.memory == "matrix" else 0)
        kept += _THREADS * each * max((elements_of(step) for step in plan.steps), default=0)
    copied = max(map(across_bytes, plan.steps), default=0) + _cast_bytes(plan) + _decoded_bytes(plan)
    kept += _THREADS * (copied + _draw_bytes(plan)) + _table_bytes(plan)
    kept += _THREADS * min(2 * largest, _NOT_GIVEN_BACK_BYTES)
    workspace = _RESULTS * largest + (models + 4) * _STRETCH_BYTES + kept
    rate = _RATES.get(method.name, _SLOWEST_RATE)
    seconds = read / rate + write / _WRITE_RATE
    least, most = _range(_START_S, seconds)
    operations = _factoring(plan, method)
    place, (needed, _) = merge_place(plan, method), least_memory(plan, method)
    return Estimate(
        memory_bytes=max(PROCESS_BYTES + workspace, needed), least_memory_bytes=needed, read_bytes=read, write_bytes=write,
        prefers_gpu=place.gpu, device_reason=place.reason,
        seconds=(round(least + operations / _FLOPS[1], 1), round(most + operations / _FLOPS[0], 1)),
    )  # fmt: skip


def _cast_bytes(plan: Plan) -> int:
    """The most that the inputs of one tensor take when they are cast before anything is computed."""
    return max((cast_bytes(step, plan.input_dtype) for step in plan.steps if step.operation == "merge"), default=0)


def _decoded_bytes(plan: Plan) -> int:
    """The most that is put together for one tensor of task vectors, and of models with adapters on them."""
    return max((decoded_bytes(step, plan.in_memory) for step in plan.steps), default=0)


def _table_bytes(plan: Plan) -> int:
    """Tables whose rows change places are put together anew, input by input, with what stands in for missing rows."""
    return sum(sorted(table_bytes(step) for step in plan.steps if step.inputs)[-_THREADS:])


def _draw_bytes(plan: Plan) -> int:
    """Draws that are needed twice are remembered, a bit each."""
    twice = (step for step in plan.steps if step.parameters.get("rescale") == "l1")
    return max((prod(step.shape) * len(step.inputs) // 8 for step in twice), default=0)


def merge_place(plan: Plan, method: Method) -> Place:
    """Where the plan is carried out, and why: for the check, and for the job that carries it out."""
    read = sum(item.fact.size_bytes for step in plan.steps for item in step.inputs)
    write = sum(step_bytes(step) for step in plan.steps)
    rate = _RATES.get(method.name, _SLOWEST_RATE)
    return place_of(plan, method, read=read, write=write, rate=rate, operations=_factoring(plan, method))


def _factoring(plan: Plan, method: Method) -> float:
    """Operations that go into taking matrices apart."""
    total = 0.0
    for step in plan.steps:
        if step.operation == "merge" and len(step.shape) == 2 and method.memory == "matrix":
            rows, columns = step.shape
            each = _FACTORING[method.name] * rows * columns
            if method.name != "wudi":
                total += each * min(rows, columns) * len(step.inputs)
            elif step.parameters["solver"] == "adam":
                total += 2.0 * each * columns * int(step.parameters["iterations"])
            else:
                total += 16.0 * columns**3
    return total


def pass_cost(facts: RepoFacts) -> float:
    """Operations of one example through a model: two for each parameter and token."""
    tokens = shape_of(facts.config).tokens or 1
    return 2.0 * max(facts.parameters, 1) * tokens


def example_bytes(facts: RepoFacts, task: str = "") -> int:
    """What one example takes while it goes through a model: activations, and for language models scores over the vocabulary."""
    shape = shape_of(facts.config)
    tokens, vocabulary = shape.tokens or 1, shape.vocabulary or 0
    activations = 4 * tokens * (shape.width or 64) * 16
    # Once in the model's own numbers, once in float64.
    return activations + (12 * tokens * vocabulary if task in _OVER_VOCABULARY else 0)


def batch_that_fits(facts: RepoFacts, task: str, wanted: int, memory_bytes: int | None) -> int:
    """The largest batch up to `wanted`, halved until it takes no more than half of what the weights leave free; at least 1.

    It rests on headers and the limit alone, so that a run that is taken up again works in the same batches.
    """
    free = (memory_bytes or _MEMORY_BYTES) - TRANSFORMERS_BYTES - 4 * facts.parameters
    each, batch = example_bytes(facts, task), wanted
    while batch > 1 and batch * each > free / 2:
        batch //= 2
    return batch


def models_estimate(
    models: Iterable[RepoFacts],
    data: Iterable[RepoFacts],
    operations: float,
    *,
    batch: int,
    write_bytes: int = 0,
    states: int = 1,
    task: str = "",
) -> Estimate:
    """For jobs that load whole models. `states` is how many numbers are kept for each parameter: 1 to run it, 4 to train it."""
    models = list(models)
    largest = max((facts.parameters for facts in models), default=0)
    activations = max((batch * example_bytes(facts, task) for facts in models), default=0)
    data = list(data)
    read = sum(facts.size_bytes for facts in models) + sum(facts.size_bytes for facts in data)
    memory = TRANSFORMERS_BYTES + largest * 4 * states + activations + sum(facts.size_bytes for facts in data)
    return Estimate(
        memory_bytes=memory, read_bytes=read, write_bytes=write_bytes,
        seconds=(round(_START_MODELS_S[0] + operations / _FLOPS[1], 1), round(_START_MODELS_S[1] + operations / _FLOPS[0], 1)),
    )  # fmt: skip


def _range(start: tuple[float, float], seconds: float) -> tuple[float, float]:
    return round(start[0] + seconds / 2, 1), round(start[1] + seconds * 2, 1)

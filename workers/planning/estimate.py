"""What a job will cost, from the plan alone: bytes, peak memory of the child, a range of seconds.

The rates were measured on one core of a small machine; the ranges are wide because machines differ.
"""

from collections.abc import Iterable

from workers.contracts.facts import RepoFacts
from workers.contracts.methods import Method
from workers.contracts.plans import Estimate, Plan
from workers.planning.architectures import shape_of
from workers.planning.merge_steps import step_bytes

# Anonymous memory of a Python process that imported torch, and one that imported transformers as well.
TORCH_BYTES = 180 * 2**20
TRANSFORMERS_BYTES = 420 * 2**20
_START_S = (1.5, 4.0)
_START_MODELS_S = (5.0, 12.0)
_WRITE_RATE = 400e6
# Bytes of input per second, by method.
_RATES = {"linear": 700e6, "slerp": 400e6, "task_arithmetic": 500e6, "ties": 150e6, "dare_ties": 120e6}
_SLOWEST_RATE = 100e6
# Working copies of one tensor in float32, beside what the method gives back.
_COPIES = {"ties": 2, "dare_ties": 2}
_FLOPS = (2e9, 20e9)


def merge_estimate(plan: Plan, method: Method) -> Estimate:
    """Peak memory does not depend on depth: one tensor of each model, the result, and the method's working copies."""
    read = sum(item.fact.size_bytes for step in plan.steps for item in step.inputs)
    write = sum(step_bytes(step) for step in plan.steps)
    workspace = 0
    for step in plan.steps:
        elements = 1
        for size in step.shape:
            elements *= size
        copies = len(step.inputs) + _COPIES.get(method.name, 0)
        workspace = max(workspace, elements * 4 * copies + 2 * step_bytes(step))
    seconds = read / _RATES.get(method.name, _SLOWEST_RATE) + write / _WRITE_RATE
    return Estimate(
        memory_bytes=TORCH_BYTES + workspace, read_bytes=read, write_bytes=write,
        seconds=_range(_START_S, seconds),
    )  # fmt: skip


def pass_cost(facts: RepoFacts) -> float:
    """Operations of one example through a model: two for each parameter and token."""
    tokens = shape_of(facts.config).tokens or 1
    return 2.0 * max(facts.parameters, 1) * tokens


def models_estimate(
    models: Iterable[RepoFacts],
    data: Iterable[RepoFacts],
    operations: float,
    *,
    batch: int,
    write_bytes: int = 0,
    states: int = 1,
) -> Estimate:
    """For jobs that load whole models. `states` is how many numbers are kept for each parameter: 1 to run it, 4 to train it."""
    models = list(models)
    largest = max((facts.parameters for facts in models), default=0)
    activations = max(
        (
            batch * 4 * (shape_of(facts.config).tokens or 1) * (shape_of(facts.config).width or 64) * 16
            for facts in models
        ),
        default=0,
    )
    data = list(data)
    read = sum(facts.size_bytes for facts in models) + sum(facts.size_bytes for facts in data)
    memory = TRANSFORMERS_BYTES + largest * 4 * states + activations + sum(facts.size_bytes for facts in data)
    return Estimate(
        memory_bytes=memory, read_bytes=read, write_bytes=write_bytes,
        seconds=(round(_START_MODELS_S[0] + operations / _FLOPS[1], 1), round(_START_MODELS_S[1] + operations / _FLOPS[0], 1)),
    )  # fmt: skip


def _range(start: tuple[float, float], seconds: float) -> tuple[float, float]:
    return round(start[0] + seconds / 2, 1), round(start[1] + seconds * 2, 1)

"""Plans by hand: every tensor of like-named models, merged with one method."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from workers.contracts.plans import Plan, TensorInput, TensorStep
from workers.engine.io.reader import facts_of_weights

DEFAULTS: dict[str, dict[str, Any]] = {
    "linear": {"weight": 1.0, "normalize": True},
    "slerp": {"t": 0.5},
    "task_arithmetic": {"weight": 0.4, "lambda": 1.0, "normalize": False},
    "ties": {"weight": 1.0, "density": 0.3, "lambda": 1.0, "normalize": True},
    "dare_ties": {"weight": 1.0, "density": 0.5, "lambda": 1.0, "normalize": False, "rescale": "inverse"},
}
PER_SOURCE = ("weight", "density")


def plan_of(
    folders: Sequence[Path], method: str, *, dtype: str | None = None, shards: int = 1, seed: int = 0, **parameters: Any
) -> Plan:  # fmt: skip
    """`folders` hold the base first, where the method has one. Per-source parameters may be given once or as a list."""
    facts = [facts_of_weights(folder) for folder in folders]
    has_base = method != "linear"
    sources = len(folders) - has_base
    values = DEFAULTS[method] | parameters
    for name in PER_SOURCE:
        if name in values and not isinstance(values[name], list):
            values[name] = [values[name]] * sources
    steps = tuple(
        TensorStep(
            name=name, operation="merge", has_base=has_base, shape=fact.shape, dtype=dtype or fact.dtype, parameters=values,
            inputs=tuple(TensorInput(source=index, key=name, fact=found[name]) for index, found in enumerate(facts)),
        )
        for name, fact in sorted(facts[0].items())
    )  # fmt: skip
    names = [step.name for step in steps]
    cut = tuple(tuple(names[index::shards]) for index in range(shards))
    return Plan(
        method=method, method_revision=1, seed=seed, steps=steps, shards=cut, copied_files=((0, "config.json"),)
    )

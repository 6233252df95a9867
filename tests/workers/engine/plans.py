"""Plans by hand: every tensor of like-named models, merged with one method."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from workers.contracts.methods import methods_of
from workers.contracts.plans import Plan, TensorInput, TensorStep
from workers.engine.io.reader import facts_of_weights

ROWS = {row.name: row for row in methods_of("merge")}
DEFAULTS: dict[str, dict[str, Any]] = {
    name: {parameter.name: parameter.default for parameter in row.parameters} for name, row in ROWS.items()
}
DEFAULTS["wudi"]["iterations"] = 10  # its 300 steps take as long as everything else together


def parameters_of(method: str, sources: int, given: dict[str, Any]) -> dict[str, Any]:
    """The table's defaults and what is `given`, as a plan lists them. Per-source parameters may be given once or as a list."""
    values = DEFAULTS[method] | given
    row = ROWS.get(method)
    for parameter in row.parameters if row is not None else ():
        value = values[parameter.name]
        if parameter.scope == "source" and not isinstance(value, list):
            values[parameter.name] = [value] * sources
    return values


def plan_of(
    folders: Sequence[Path], method: str, *, dtype: str | None = None, shards: int = 1, seed: int = 0, **parameters: Any
) -> Plan:  # fmt: skip
    """`folders` hold the base first, where the method has one. Per-source parameters may be given once or as a list."""
    facts = [facts_of_weights(folder) for folder in folders]
    has_base = method not in ROWS or ROWS[method].takes_base
    values = parameters_of(method, len(folders) - has_base, parameters)
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

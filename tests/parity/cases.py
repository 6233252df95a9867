"""TABLE OF RECIPES: mergekit documents that both sides are given as they stand. A new method joins by its rows here.

`@a` is a model of the case's family. `check` names how the results are compared (`checks.CHECKS`).
"""

from dataclasses import dataclass
from typing import Any

Document = dict[str, Any]


@dataclass(frozen=True)
class Case:
    """`forms` says what of a mergekit recipe it uses. `seeds`: how often a random one is run, each time with the next seed.

    `native`: mergekit works in the numbers' own format; `compat: mergekit` has to give the same bits, the default does not.
    """

    name: str
    document: Document
    check: str
    family: str = "float32"
    forms: tuple[str, ...] = ()
    seeds: int = 1
    native: bool = False

    @property
    def method(self) -> str:
        return str(self.document["merge_method"])


def models(method: str, *given: Document | str, base: str | None = "@base", **rest: Any) -> Document:
    """A recipe of the `models:` form. A model is its name, or its parameters with its name under `model`."""
    listed = [
        {"model": entry} if isinstance(entry, str)
        else {"model": entry["model"], "parameters": {key: value for key, value in entry.items() if key != "model"}}
        for entry in given
    ]  # fmt: skip
    head: Document = {"merge_method": method, "models": listed}
    return head | ({"base_model": base} if base else {}) | rest


def each(names: str, **parameters: Any) -> list[Document]:
    return [{"model": f"@{name}", **parameters} for name in names]


A, B, C = ({"model": f"@{name}"} for name in "abc")
LINEAR = (
    Case("three equal", models("linear", *each("abc", weight=1.0), base=None), "elementwise"),
    Case("uneven, one negative", models("linear", A | {"weight": 0.7}, B | {"weight": 0.6}, C | {"weight": -0.2}, base=None), "elementwise"),
    Case("a sum, not a mean", models("linear", *each("ab", weight=0.3), base=None, parameters={"normalize": False}), "elementwise"),
    Case("bfloat16", models("linear", *each("abc", weight=0.4), base=None), "ulp", family="bfloat16"),
    Case("float16 in float32", models("linear", A | {"weight": 0.9}, B | {"weight": 0.2}, base=None, dtype="float32"), "elementwise", family="float16"),
)  # fmt: skip
SLERP = (
    Case("halfway", models("slerp", "@base", "@a", parameters={"t": 0.5}), "elementwise"),
    Case("near the base", models("slerp", "@base", "@c", parameters={"t": 0.05}), "elementwise"),
    Case("the other end", models("slerp", "@base", "@b", parameters={"t": 1.0}), "elementwise"),
    Case("bfloat16", models("slerp", "@base", "@c", parameters={"t": 0.6}), "ulp", family="bfloat16"),
)
ARITHMETIC = (
    Case("two", models("task_arithmetic", *each("ab", weight=0.4)), "elementwise"),
    Case("three, scaled", models("task_arithmetic", A | {"weight": 1.0}, B | {"weight": -0.5}, C | {"weight": 0.3}, parameters={"lambda": 0.7}), "elementwise"),
    Case("a mean of changes", models("task_arithmetic", *each("abc", weight=0.6), parameters={"normalize": True}), "elementwise"),
    Case("bfloat16 in float32", models("task_arithmetic", *each("abc", weight=0.3), dtype="float32", out_dtype="bfloat16"), "ulp", family="bfloat16"),
)  # fmt: skip
TIES = (
    Case("three", models("ties", *each("abc", weight=1.0, density=0.3)), "selection"),
    Case("densities and weights differ", models("ties", A | {"weight": 0.5, "density": 0.1}, B | {"weight": 1.5, "density": 0.5}, C | {"weight": -0.4, "density": 0.9}), "selection"),
    Case("a sum, scaled", models("ties", *each("ab", weight=0.7, density=0.4), parameters={"normalize": False, "lambda": 1.3}), "selection"),
    Case("all of it", models("ties", *each("ab", weight=1.0)), "selection"),
    Case("one source, many equal", models("ties", A | {"weight": 1.0, "density": 0.5}, dtype="float32", out_dtype="bfloat16"), "selection", family="bfloat16"),
)  # fmt: skip
DARE_TIES = (
    Case("one source", models("dare_ties", A | {"weight": 1.0, "density": 0.4}), "dropped", seeds=2),
    Case("not rescaled", models("dare_ties", B | {"weight": 1.0, "density": 0.2}, parameters={"rescale": False}), "dropped", seeds=2),
    Case("three", models("dare_ties", *each("abc", weight=0.8, density=0.5), parameters={"normalize": True}), "expected", family="small", seeds=48),
)  # fmt: skip
CASES: tuple[Case, ...] = (*LINEAR, *SLERP, *ARITHMETIC, *TIES, *DARE_TIES)

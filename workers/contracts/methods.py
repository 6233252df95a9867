"""METHOD TABLE: one row per method. Form, API schema, docs page, command line and check all read it; nothing else lists methods.

Adding a method is one file under `workers/engine/` and one row here. Rows hold dotted paths as strings, so that
importing the table imports no torch.
"""

from dataclasses import dataclass
from typing import Any, Literal

from workers.contracts.kinds import Kind

ParameterType = Literal["number", "integer", "boolean", "choice"]
Scope = Literal["recipe", "source"]
Needs = Literal["weights", "base", "data", "search"]


@dataclass(frozen=True)
class Parameter:
    """One knob. `scope="source"` means one value per source, with the recipe-level value as its default."""

    name: str
    type: ParameterType
    label: str
    help: str
    scope: Scope = "recipe"
    default: Any = None
    required: bool = False
    minimum: float | None = None
    maximum: float | None = None
    exclusive_minimum: bool = False
    choices: tuple[str, ...] = ()
    step: float | None = None

    def json_schema(self) -> dict[str, Any]:
        schema: dict[str, Any] = {"title": self.label, "description": self.help}
        if self.type == "choice":
            schema |= {"type": "string", "enum": list(self.choices)}
        else:
            schema["type"] = self.type
        if self.minimum is not None:
            schema["exclusiveMinimum" if self.exclusive_minimum else "minimum"] = self.minimum
        if self.maximum is not None:
            schema["maximum"] = self.maximum
        if self.default is not None:
            schema["default"] = self.default
        return schema


@dataclass(frozen=True)
class Method:
    """`revision` is raised when the numbers a method gives change: cached results of the old revision are then not offered.

    `merges_base`: the base is one of the models that are merged, not only what the others are measured from. It is then a parent
    like the others, and a result has to beat it too.
    """

    name: str
    kind: str
    label: str
    summary: str
    paper: str
    runner: str
    needs: Needs
    parameters: tuple[Parameter, ...] = ()
    minimum_sources: int = 1
    maximum_sources: int | None = None
    merges_base: bool = False
    revision: int = 1

    @property
    def needs_base(self) -> bool:
        return self.needs == "base"

    def parameter(self, name: str) -> Parameter | None:
        return next((parameter for parameter in self.parameters if parameter.name == name), None)

    def json_schema(self, scope: Scope) -> dict[str, Any]:
        chosen = [parameter for parameter in self.parameters if parameter.scope == scope]
        return {
            "type": "object",
            "additionalProperties": False,
            "properties": {parameter.name: parameter.json_schema() for parameter in chosen},
            "required": [parameter.name for parameter in chosen if parameter.required],
        }


def _weight(default: float) -> Parameter:
    return Parameter(
        "weight",
        "number",
        "Weight",
        "How much of this source goes in. Negative subtracts it.",
        scope="source",
        default=default,
        minimum=-10.0,
        maximum=10.0,
        step=0.05,
    )


def _density(default: float) -> Parameter:
    return Parameter(
        "density",
        "number",
        "Density",
        "Share of each tensor's changes that is kept.",
        scope="source",
        default=default,
        minimum=0.0,
        maximum=1.0,
        exclusive_minimum=True,
        step=0.05,
    )


def _normalize(default: bool, help: str) -> Parameter:
    return Parameter("normalize", "boolean", "Normalise", help, default=default)


_LAMBDA = Parameter(
    "lambda",
    "number",
    "Scale (λ)",
    "The merged change is multiplied by this before it is added to the base.",
    default=1.0,
    minimum=-10.0,
    maximum=10.0,
    step=0.05,
)

METHODS: tuple[Method, ...] = (
    Method(
        "linear",
        "merge",
        "Linear",
        "A weighted average of the weights. The baseline every other method has to beat.",
        "arXiv:2203.05482",
        "workers.engine.merge.linear:merge",
        "weights",
        (_weight(1.0), _normalize(True, "Divide by the sum of the weights.")),
    ),
    Method(
        "slerp",
        "merge",
        "Slerp",
        "Follows the arc between two models instead of the straight line, keeping the length of the vectors.",
        "Shoemake 1985",
        "workers.engine.merge.slerp:merge",
        "base",
        (
            Parameter(
                "t",
                "number",
                "Position (t)",
                "0 is the base, 1 is the source.",
                default=0.5,
                minimum=0.0,
                maximum=1.0,
                step=0.05,
            ),
        ),
        maximum_sources=1,
        merges_base=True,
    ),
    Method(
        "task_arithmetic",
        "merge",
        "Task arithmetic",
        "Adds up what each model learned on top of the base, each with its weight.",
        "arXiv:2212.04089",
        "workers.engine.merge.task_arithmetic:merge",
        "base",
        (_weight(0.4), _LAMBDA, _normalize(False, "Divide by the sum of the weights.")),
    ),
    Method(
        "ties",
        "merge",
        "TIES",
        "Keeps the largest changes of each model, lets the sources vote on the sign, and averages those that agree.",
        "arXiv:2306.01708",
        "workers.engine.merge.ties:merge",
        "base",
        (_weight(1.0), _density(0.3), _LAMBDA, _normalize(True, "Divide by the sum of the weights that agree.")),
    ),
    Method(
        "dare_ties",
        "merge",
        "DARE TIES",
        "Drops changes at random, scales up the rest to make good for it, then votes on the sign as TIES does.",
        "arXiv:2311.03099",
        "workers.engine.merge.dare_ties:merge",
        "base",
        (
            _weight(1.0),
            _density(0.5),
            _LAMBDA,
            _normalize(False, "Divide by the sum of the weights that agree."),
            Parameter(
                "rescale",
                "choice",
                "Rescale",
                "How kept changes are scaled: exactly 1/density as in the paper, or so that the sum of magnitudes is kept.",
                default="inverse",
                choices=("inverse", "l1", "none"),
            ),
        ),
    ),
)


def revision_of(kind: Kind, method: str = "") -> int:
    """Kind and method revision as one number: either one raised makes old results no answer to a new request."""
    row = method_get(kind.name, method)
    return kind.revision * 10_000 + (row.revision if row is not None else 0)


def method_get(kind: str, name: str) -> Method | None:
    return next((method for method in METHODS if method.kind == kind and method.name == name), None)


def methods_of(kind: str) -> tuple[Method, ...]:
    return tuple(method for method in METHODS if method.kind == kind)

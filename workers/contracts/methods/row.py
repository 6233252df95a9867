"""What a row of the method table says."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

ParameterType = Literal["number", "integer", "boolean", "choice"]
Scope = Literal["recipe", "source"]
# What a method needs to be told: nothing beyond the weights (and a base), examples without labels, with labels, a backward pass.
Needs = Literal["weights", "base", "data", "labels", "gradients", "search"]
Role = Literal["none", "optional", "required"]
# A row is never `native`: so computes any method that a recipe asks to be computed as mergekit does.
Memory = Literal["stretch", "tensor", "matrix", "native"]
Takes = Literal["model", "adapter", "expert", "tokenizer"]


@dataclass(frozen=True)
class Parameter:
    """One knob. `scope="source"` means one value per source, with the recipe-level value as its default.

    `searched`: where a search looks for it unless told otherwise, in place of the whole range.
    """

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
    searched: tuple[float, float] | None = None

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

    `base`: whether the method measures changes from a base. Rows whose `needs` say it already leave it out.
    `memory`: `stretch` for methods that work through a tensor in stretches, `tensor` for those that hold all sources of one
    tensor at a time as float32 matrices, `matrix` for those that take them apart in float64 besides.
    `lone`: what becomes of a tensor that fewer than `minimum_sources` hold: the base's is copied, a single one that there is at
    all is copied, or it is an error.
    `placed`: a plan tells the method where in the model each tensor stands, see `workers.planning.places`.
    `learn`: dotted path of what the method learns from data before anything is merged; see `workers.engine.merge.learned`.
    `tasks`: what the models of a method that learns must do; () for whatever can be trained here.
    `labelled`: whether it learns from right answers: never, always, or where a parameter (first) has a value (second).
    `takes`: what its sources are. A method on adapters makes pairs of factors, see `workers.engine.merge.adapters`; one of
    experts makes a model of another architecture, see `workers.engine.merge.experts`.
    `when`: for whom it is meant, in plain words; shown where a person chooses between methods.
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
    base: Role | None = None
    memory: Memory = "stretch"
    lone: Literal["error", "single", "base"] = "error"
    placed: bool = False
    learn: str = ""
    tasks: tuple[str, ...] = ()
    labelled: bool | tuple[str, str] = False
    when: str = ""
    takes: Takes = "model"

    @property
    def base_role(self) -> Role:
        return self.base or ("required" if self.needs == "base" else "none")

    @property
    def needs_base(self) -> bool:
        return self.base_role == "required"

    @property
    def takes_base(self) -> bool:
        return self.base_role != "none"

    def learns_from_labels(self, parameters: Mapping[str, Any]) -> bool:
        """Whether examples need their right answers, with these values of the recipe's parameters."""
        if isinstance(self.labelled, bool):
            return self.labelled
        name, value = self.labelled
        return bool(parameters.get(name) == value)

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


@dataclass(frozen=True)
class Family:
    """Methods that work alike, in the order in which pages and terminal show them."""

    name: str
    label: str
    summary: str
    methods: tuple[Method, ...]

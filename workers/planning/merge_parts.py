"""What a merge's plan is made out of: the models, the tensors of the result, and the tensors each is made from."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from workers.contracts.facts import TensorFact
from workers.contracts.findings import Finding
from workers.planning.layers import Inventory
from workers.planning.members import Known
from workers.planning.ties import stand_in

MAX_PLAN_INPUTS = 500_000
Scope = Mapping[str, Any]


@dataclass(frozen=True)
class Part:
    """One input: `name` is what filters see, `key` where it is stored, `own` the parameters that stand beside the model."""

    model: Known
    name: str
    key: str
    fact: TensorFact | None
    own: Scope = field(default_factory=dict)


@dataclass(frozen=True)
class Target:
    """One tensor of the result. `scopes` hold for all its inputs, nearest first; `position` is its layer's, from 0 to 1.

    `rows` is (axis, length) of a table whose rows follow the tokens of the result.
    """

    name: str
    fact: TensorFact
    base: Part | None
    sources: tuple[Part, ...]
    scopes: tuple[Scope, ...]
    position: float = 0.0
    rows: tuple[int, int] | None = None

    @property
    def shape(self) -> tuple[int, ...]:
        return self.shaped(self.fact)

    def shaped(self, fact: TensorFact) -> tuple[int, ...]:
        """The shape that an input has for this tensor: a table's is that of the result, however many rows are stored."""
        if self.rows is None or len(fact.shape) <= self.rows[0]:
            return fact.shape
        axis, length = self.rows
        return (*fact.shape[:axis], length, *fact.shape[axis + 1 :])


@dataclass
class Layout:
    """`config` is what the result's config.json says otherwise than the one it is copied from, by dotted key."""

    targets: list[Target] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    config: dict[str, Any] = field(default_factory=dict)
    unclaimed: tuple[str, ...] = ()
    _inventories: dict[int, Inventory] = field(default_factory=dict)

    def inventory(self, model: Known) -> Inventory:
        position = model.member.position
        if position not in self._inventories:
            self._inventories[position] = Inventory(in_file_order(model))
        return self._inventories[position]


@dataclass(frozen=True)
class Models:
    """The models of a recipe as a plan sees them. `base` is None where the method measures from none."""

    reference: Known
    base: Known | None
    sources: Sequence[Known]

    def named(self, text: str) -> Known | None:
        everyone = [*([self.base] if self.base is not None else []), *self.sources]
        return next((model for model in everyone if model.member.text == text), None)


def in_file_order(model: Known) -> list[str]:
    tensors = model.facts.tensors
    return sorted(tensors, key=lambda name: (tensors[name].file, tensors[name].begin, name))


def own_part(model: Known, name: str, own: Scope | None = None) -> Part:
    key, fact = stand_in(model, name)
    return Part(model, name, key, fact, own or {})


def position_of(layer: int, layers: int) -> float:
    """From 0 to 1 along the layers of one slice; a single layer is at its end."""
    return layer / (layers - 1) if layers > 1 else 1.0

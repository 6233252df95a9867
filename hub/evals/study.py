"""What is compared: a child with its parents and base, each with its evaluations on the same splits. Loads no arrays."""

from dataclasses import dataclass

from hub.evals.models import Evaluation
from hub.evals.twins import Key


@dataclass(frozen=True)
class Member:
    """One model of a study with its evaluations."""

    reference: str
    role: str
    commit: str
    rows: dict[Key, Evaluation]
    weight: float | None = None


@dataclass(frozen=True)
class Study:
    """A child, its parents and their base, measured on the same splits. A repetition from another seed is a study of the same shape."""

    name: str
    members: tuple[Member, ...]
    keys: tuple[Key, ...]
    missing: tuple[str, ...] = ()

    @property
    def shape(self) -> tuple[object, ...]:
        return tuple((member.reference, member.role) for member in self.members), self.keys

"""METHOD TABLE: one row per method. Form, API schema, docs page, command line and check all read it; nothing else lists methods.

Adding a method is one file under `workers/engine/` and one row in the family it belongs to. Rows hold dotted paths as strings,
so that importing the table imports no torch.
"""

from workers.contracts.kinds import Kind
from workers.contracts.methods.adapters import ADAPTERS
from workers.contracts.methods.adaptive import ADAPTIVE
from workers.contracts.methods.averages import AVERAGES
from workers.contracts.methods.changes import CHANGES
from workers.contracts.methods.experts import EXPERTS
from workers.contracts.methods.learned import LEARNED
from workers.contracts.methods.masks import MASKS
from workers.contracts.methods.row import Family, Memory, Method, Needs, Parameter, Scope
from workers.contracts.methods.spectral import SPECTRAL
from workers.contracts.methods.tokenizers import TOKENIZERS

__all__ = [
    "FAMILIES", "METHODS", "Family", "Memory", "Method", "Needs", "Parameter", "Scope", "family_of", "method_get", "methods_of",
    "revision_of",
]  # fmt: skip

FAMILIES: tuple[Family, ...] = (
    Family("averages", "Averages and arcs", "Whole models, on a line, an arc or a sphere between them.", AVERAGES),
    Family("changes", "Sums of changes", "What each model changed in a base: thinned out, put to a vote, added up.", CHANGES),
    Family("adaptive", "Set by the changes", "How much goes in is read from angle, variance, size or overlap.", ADAPTIVE),
    Family("masks", "Place by place", "Whose change goes in is decided for each weight, column or layer.", MASKS),
    Family("spectral", "Along directions", "Matrices taken apart into directions that are kept, evened out or turned apart.", SPECTRAL),
    Family("learned", "Learned from data", "How much goes in is learned from examples, before anything is merged.", LEARNED),
    Family("experts", "Side by side", "Nothing is averaged: blocks of all models stay as they are, and a router chooses.", EXPERTS),
    Family("tokenizers", "Vocabulary", "A model stays what it is and gets the tokenizer of another one.", TOKENIZERS),
    Family("adapters", "LoRA adapters", "Adapters of one base become one adapter; the base itself is not read.", ADAPTERS),
)  # fmt: skip
METHODS: tuple[Method, ...] = tuple(method for family in FAMILIES for method in family.methods)


def revision_of(kind: Kind, method: str = "") -> int:
    """Kind and method revision as one number: either one raised makes old results no answer to a new request."""
    row = method_get(kind.name, method)
    return kind.revision * 10_000 + (row.revision if row is not None else 0)


def method_get(kind: str, name: str) -> Method | None:
    return next((method for method in METHODS if method.kind == kind and method.name == name), None)


def methods_of(kind: str) -> tuple[Method, ...]:
    return tuple(method for method in METHODS if method.kind == kind)


def family_of(method: Method) -> Family:
    return next(family for family in FAMILIES if method in family.methods)

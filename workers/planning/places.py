"""Where in a model each tensor stands, from the names alone: in which block of how many, before them or after them."""

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass

from workers.contracts.plans import TensorStep

_NUMBERED = re.compile(r"(.*?)\.(\d+)\.")
_BEFORE = re.compile(r"embed|wte|wpe|shared|patch|cls_token|position|stem|conv1|conv_in|class_token|mask_token")
_TOKENS = re.compile(r"(embed_tokens|word_embeddings|tok_embeddings|wte|shared|embed_in)\.weight$")


@dataclass(frozen=True)
class Place:
    """`layer` counts from 0; -1 is before all blocks, `layers` after them. `embedding`: a table of token embeddings."""

    layer: int
    layers: int
    embedding: bool = False


def placed(steps: Sequence[TensorStep]) -> tuple[TensorStep, ...]:
    """The steps of a plan, with each merged tensor's place among the parameters that its method is given."""
    places = places_of(step.name for step in steps)
    return tuple(
        step.model_copy(update={"parameters": {**step.parameters, **asdict(places[step.name])}})
        if step.operation == "merge"
        else step
        for step in steps
    )


def places_of(names: Iterable[str]) -> dict[str, Place]:
    """Every tensor's place.

    Blocks are the numbers that follow the first part of a name that is numbered at all, such as `model.layers.7.`; a model with
    several stacks (encoder and decoder) counts each on its own. A stack named like a head is no stack. Numbers with gaps
    (`features.0`, `features.3`) are counted in order. A model without stacks is one place, 0 of 0.
    """
    names = list(names)
    stacks: dict[str, set[int]] = defaultdict(set)
    for name in names:
        stack, number = _numbered(name)
        if number is not None:
            stacks[stack].add(number)
    orders = {stack: sorted(numbers) for stack, numbers in stacks.items()}
    longest = max((len(numbers) for numbers in orders.values()), default=0)
    places = {}
    for name in names:
        stack, number = _numbered(name)
        if number is not None:
            places[name] = Place(orders[stack].index(number), len(orders[stack]))
        elif longest == 0:
            places[name] = Place(0, 0, bool(_TOKENS.search(name)))
        else:
            is_before = bool(_BEFORE.search(name)) and not _is_head(name)
            places[name] = Place(-1 if is_before else longest, longest, bool(_TOKENS.search(name)))
    return places


def _numbered(name: str) -> tuple[str, int | None]:
    found = _NUMBERED.match(name)
    if found is None or _is_head(found[1]):
        return "", None
    return found[1], int(found[2])


def _is_head(part: str) -> bool:
    return bool(re.search(r"(^|\.)(lm_head|head|classifier|score|pooler|cls|fc)(\.|$)", part))

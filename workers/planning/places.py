"""Where in a model each tensor stands, for methods that treat the ends of a model otherwise than its middle."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass

from workers.contracts.findings import Finding
from workers.contracts.methods import Method
from workers.contracts.plans import TensorStep
from workers.planning.layers import is_above, place_of, stacks_of
from workers.planning.wording import add, counted, finding

_TOKENS = re.compile(r"(embed_tokens|word_embeddings|tok_embeddings|wte|shared|embed_in)\.weight$")
_SHORTEST_ROW = 3


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
    """Every tensor's place. A model with several stacks counts each on its own; one without any layers is one place, 0 of 0.

    Where no stack is found, the longest row of numbered tensors is taken for one, gaps closed: `features.0`, `features.3` …
    """
    names = list(names)
    orders = {stack: list(range(layers)) for stack, layers in stacks_of(names).items()} or _longest_row(names)
    longest = max((len(order) for order in orders.values()), default=0)
    places = {}
    for name in names:
        found = place_of(name)
        embedding = bool(_TOKENS.search(name))
        if found is not None and found.stack in orders:
            order = orders[found.stack]
            places[name] = Place(order.index(found.layer), len(order))
        elif longest == 0:
            places[name] = Place(0, 0, embedding)
        else:
            places[name] = Place(longest if is_above(name) else -1, longest, embedding)
    return places


def place_findings(method: Method, steps: Sequence[TensorStep]) -> list[Finding]:
    """What the places of a plan's tensors say against the settings of a method that goes by them."""
    merged = [step.parameters for step in steps if step.operation == "merge"]
    stacks = [parameters["layers"] for parameters in merged if parameters["layers"]]
    if method.name == "robust_signature" and merged and not stacks:
        message = f"No layers were found by the names of the tensors, so {method.label} patches every tensor."
        return [finding("layers_unknown", "warning", ("depth",), message)]
    if method.name != "layer_swap" or not merged:
        return []
    if not stacks:
        message = f"No layers were found by the names of the tensors, so {method.label} has nothing to swap."
        return [finding("layers_unknown", "error", ("method",), message)]
    layers, settings = min(stacks), merged[0]
    bottom, top, transition = (int(settings[name]) for name in ("bottom", "top", "transition"))
    if bottom + top + 2 * transition < layers:
        return []
    message = f"bottom, top and two transitions take {bottom + top + 2 * transition} of {counted(layers, 'layer')}: the task expert keeps none."
    repair = [
        add((name,), value, f"Use {value} for {name}")
        for name, value in (
            ("bottom", round(5 * layers / 32)),
            ("top", round(2 * layers / 32)),
            ("transition", round(layers / 32)),
        )
        if value < int(settings[name])
    ]
    return [
        finding("no_layer_left", "error", ("bottom",), message, "Little but the language expert would be left.", repair)
    ]


def _longest_row(names: Sequence[str]) -> dict[str, list[int]]:
    rows: dict[str, set[int]] = {}
    for name in names:
        found = place_of(name)
        if found is not None:
            rows.setdefault(found.stack, set()).add(found.layer)
    stack = max(rows, key=lambda row: len(rows[row]), default="")
    return {stack: sorted(rows[stack])} if rows and len(rows[stack]) >= _SHORTEST_ROW else {}

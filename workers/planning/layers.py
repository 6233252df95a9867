"""Layers by the names of tensors: `model.layers.3.mlp.up_proj.weight` is in layer 3 of the stack `model.layers`. No architecture is known here."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

_NUMBER = re.compile(r"(?:^|\.)(\d{1,6})(?=\.)")
_WORDS = {"layer", "layers", "h", "block", "blocks", "resblocks", "stages"}
# What a config calls the number of layers, over the architectures.
_COUNTS = (
    "num_hidden_layers", "num_layers", "n_layer", "n_layers", "num_decoder_layers", "encoder_layers", "decoder_layers", "depth",
    "num_transformer_layers", "num_encoder_layers",
)  # fmt: skip
_SEEING = ("vision", "visual", "image")
_HEARING = ("audio", "speech")
# Tensors outside of any layer lie below the layers, or, with one of these in their name, above them.
_ABOVE = (
    "norm",
    "ln_f",
    "ln_post",
    "head",
    "classifier",
    "score",
    "pooler",
    "cls.",
    "embed_out",
    "output",
    "predictions",
)
_BELOW = ("embed", "wte", "wpe", "patch", "cls_token", "ln_pre", "rotary")


@dataclass(frozen=True)
class Place:
    """`name` is `{stack}.{layer}.{rest}`."""

    stack: str
    layer: int
    rest: str


def place_of(name: str) -> Place | None:
    """Where a name's first number puts it; a number further on counts experts and the like."""
    found = _NUMBER.search(name)
    if found is None:
        return None
    return Place(name[: found.start(1)].rstrip("."), int(found[1]), name[found.end(1) + 1 :])


def name_at(stack: str, layer: int, rest: str) -> str:
    return f"{stack}.{layer}.{rest}" if stack else f"{layer}.{rest}"


class Inventory:
    """The names of one model, by where they are. `names` are in the order in which they are to be written."""

    def __init__(self, names: Iterable[str]) -> None:
        self.names = list(names)
        self.stacks = stacks_of(self.names)
        self._inside: dict[tuple[str, int], list[str]] = {}
        for name in self.names:
            place = place_of(name)
            if place is not None:
                self._inside.setdefault((place.stack, place.layer), []).append(place.rest)

    def rests(self, stack: str, layer: int) -> list[str]:
        """What a layer holds, without stack and number."""
        return self._inside.get((stack, layer), [])

    def outside(self, stack: str) -> list[str]:
        return [name for name in self.names if (place := place_of(name)) is None or place.stack != stack]


def stacks_of(names: Iterable[str]) -> dict[str, int]:
    """Number of layers of each stack.

    A stack's layers are counted from 0 without a gap and hold several tensors each, most of them of one kind; a row of
    two linear layers with a gap for what lies between them is none. One layer alone is known by its stack's name.
    """
    rests: dict[str, dict[int, set[str]]] = {}
    for name in names:
        place = place_of(name)
        if place is not None:
            rests.setdefault(place.stack, {}).setdefault(place.layer, set()).add(place.rest)
    return {stack: len(layers) for stack, layers in rests.items() if _is_stack(stack, layers)}


def _is_stack(stack: str, layers: Mapping[int, set[str]]) -> bool:
    if set(layers) != set(range(len(layers))):
        return False
    if stack.rpartition(".")[2] in _WORDS:
        return True
    kinds = Counter(rest for rests in layers.values() for rest in rests)
    shared = sum(count > 1 for count in kinds.values())
    return len(layers) > 1 and shared >= 4


def main_stack(stacks: Mapping[str, int], config: Mapping[str, Any]) -> str | None:
    """The stack that slices without a module are of: the only one, else the only one as long as the config says."""
    if len(stacks) < 2:
        return next(iter(stacks), None)
    counts = {value for key, value in config.items() if key in _COUNTS and isinstance(value, int)}
    fitting = [stack for stack, count in stacks.items() if count in counts]
    return fitting[0] if len(fitting) == 1 else None


def is_above(name: str) -> bool:
    """Whether a tensor outside of any layer comes after them: the last norm and the head, not the embeddings."""
    return any(word in name for word in _ABOVE) and not any(word in name for word in _BELOW)


def config_changes(config: Mapping[str, Any], stack: str, kept: list[int], count: int) -> dict[str, Any]:
    """What a config has to say of a stack whose layers are now `kept`, by dotted key: their number, and lists with an entry each."""
    changes: dict[str, Any] = {}
    for path, part in _parts(config, stack):
        keys = [key for key in _COUNTS if part.get(key) == count and not isinstance(part[key], bool)]
        # Encoder and decoder in one config: each has a key of its own.
        of_decoder = [key for key in keys if "decoder" in key]
        if of_decoder and len(keys) > len(of_decoder):
            keys = of_decoder if "decoder" in stack else [key for key in keys if key not in of_decoder]
        changes |= {f"{path}{key}": len(kept) for key in keys}
        for key, value in part.items():
            if keys and isinstance(value, list) and len(value) == count and "layer" in key:
                changes[f"{path}{key}"] = [value[layer] for layer in kept]
    return changes


def _parts(config: Mapping[str, Any], stack: str) -> list[tuple[str, Mapping[str, Any]]]:
    """The config itself and the one inside it that is about this stack."""
    words = next((words for words in (_SEEING, _HEARING) if any(word in stack for word in words)), None)
    parts = [] if words else [("", config)]
    for key, value in config.items():
        if not isinstance(value, dict) or not key.endswith("_config"):
            continue
        about = next((known for known in (_SEEING, _HEARING) if any(word in key for word in known)), None)
        if about == words:
            parts.append((f"{key}.", value))
    return parts or [("", config)]

"""One file of facts per architecture family, from config.json alone."""

from collections.abc import Callable
from typing import Any

from workers.planning.architectures import bert, generic, gpt2, llama, vit
from workers.planning.architectures.shape import Shape

__all__ = ["Shape", "shape_of"]

_FAMILIES: dict[str, Callable[[dict[str, Any]], Shape]] = {
    model_type: family.shape for family in (vit, bert, gpt2, llama) for model_type in family.MODEL_TYPES
}


def shape_of(config: dict[str, Any]) -> Shape:
    """Blocks, width, heads and so on; what a config does not say is None."""
    model_type = config.get("model_type")
    family = _FAMILIES.get(model_type, generic.shape) if isinstance(model_type, str) else generic.shape
    return family(config)

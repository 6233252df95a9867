"""What is chosen on validation data: the settings tried for a method, its preset first.

The papers choose a scale, and some a second number, on validation data; so every method that has a scale gets as many tries: ten.
"""

from typing import Any

from workers.contracts.methods import Method

MULTIPLES = (1.0, 0.5, 0.6, 0.75, 0.9, 1.25, 1.5, 1.75, 2.0, 2.5)
FEW = (1.0, 0.5, 0.75, 1.5, 2.0)
# A second number that the paper of a method, or the demo's own sweep, chooses too: tried beside the preset.
SECOND: dict[str, tuple[str, float]] = {
    "ties": ("density", 0.5),
    "pcb": ("ratio", 0.3),
    "consensus": ("mask_lambda", 0.2),
    "localize_stitch": ("sparsity", 0.3),
}
# Where coefficients are learned, what they begin at stands for the scale: three tries, as each is a training.
BEGINS: dict[str, tuple[float, ...]] = {
    "adamerging": (0.3, 0.45, 0.6),
    "adamerging_pp": (0.3, 0.6, 0.9),
    "expert_merging": (0.1, 0.3, 0.6),
    "expert_merging_pp": (0.1, 0.3, 0.6),
}


def tries(method: Method) -> list[dict[str, Any]]:
    """[] where there is nothing to choose: the preset is all there is."""
    scale = method.parameter("lambda")
    if method.name in BEGINS:
        return [{"init": value} for value in BEGINS[method.name]]
    if scale is None or method.maximum_sources is not None or method.needs == "gradients":
        return []
    if method.name not in SECOND:
        return _of(method, "lambda", MULTIPLES)
    name, other = SECOND[method.name]
    second = method.parameter(name)
    preset = other if second is None else second.default
    return [{name: value, **entry} for value in (preset, other) for entry in _of(method, "lambda", FEW)]


def _of(method: Method, name: str, multiples: tuple[float, ...]) -> list[dict[str, Any]]:
    parameter = method.parameter(name)
    if parameter is None:
        raise LookupError(f"{method.name} has no {name}")
    return [{name: round(multiple * float(parameter.default), 4)} for multiple in multiples]

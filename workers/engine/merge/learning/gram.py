"""GRAM matrices of what goes into a model's linear layers, and the weights that answer to several of them at once."""

import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch

from workers.engine.merge.learning.student import Student
from workers.engine.merge.step import MergeStep
from workers.engine.train.draws import derived_seed

# Examples that go through a model at a time: part of the promise of equal bytes.
BATCH = 16
# A sum of Gram matrices worse conditioned than this has no inverse to speak of.
WORST_CONDITION = 1e8
_MEMORY = 4 << 30


@dataclass(frozen=True)
class Layer:
    """A linear layer: its module, and the axis of its weight that inputs run along (1, or 0 in GPT-2's layout)."""

    module: torch.nn.Module
    axis: int


class _Enough(Exception):
    """All that is wanted of a forward pass has been seen."""


def layers_of(student: Student) -> dict[str, Layer]:
    """Output tensor → its layer, in the order of the plan. Tensors that also serve elsewhere (tied to embeddings) are not among them."""
    found = {}
    for name, place in student.places.items():
        path, _, own = place.rpartition(".")
        module = student.module.get_submodule(path)
        if own == "weight" and isinstance(module, torch.nn.Linear):
            found[name] = Layer(module, 1)
        elif own == "weight" and type(module).__name__ == "Conv1D":
            found[name] = Layer(module, 0)
    return found


def inputs_of(layer: Layer) -> int:
    weight: Any = layer.module.weight
    return int(weight.shape[layer.axis])


def groups(layers: Mapping[str, Layer], memory_bytes: int | None) -> list[dict[str, Layer]]:
    """Layers whose Gram matrices fit a quarter of the memory together: each group is one pass over the examples."""
    limit, found, filled = (memory_bytes or _MEMORY) // 4, [dict[str, Layer]()], 0
    for name, layer in layers.items():
        size = 8 * inputs_of(layer) ** 2
        if found[-1] and filled + size > limit:
            found.append({})
            filled = 0
        found[-1][name] = layer
        filled += size
    return found


@torch.no_grad()
def grams_of(
    student: Student, weights: Mapping[str, torch.Tensor], source: int, rows: torch.Tensor, layers: Mapping[str, Layer],
    *, last: torch.nn.Module | None = None, message: str = "",
) -> dict[str, torch.Tensor]:  # fmt: skip
    """G = XᵀX / rows of X for each of `layers`, X `[rows, in]` what goes into it while `weights` answer the examples `rows`.

    Positions that pad a text are left out. `last`: nothing after this module need be run.

    Returns: float64 `[in, in]` by output tensor, on the processor.
    """
    sums = {
        name: torch.zeros(inputs_of(layer), inputs_of(layer), dtype=torch.float64, device=student.device)
        for name, layer in layers.items()
    }
    counts = dict.fromkeys(layers, 0)
    shown: list[torch.Tensor | None] = [None]

    def see(name: str, inputs: torch.Tensor) -> None:
        mask = shown[0]
        if mask is not None and inputs.ndim == 3 and inputs.shape[:2] == mask.shape:
            inputs = inputs[mask.to(torch.bool)]
        flat: torch.Tensor = inputs.reshape(-1, inputs.shape[-1]).double()
        sums[name].addmm_(flat.T, flat)
        counts[name] += len(flat)

    def stop(*_: Any) -> None:
        raise _Enough

    hooks = [
        layer.module.register_forward_pre_hook(lambda module, given, name=name: see(name, given[0]))
        for name, layer in layers.items()
    ]
    hooks += [last.register_forward_hook(stop)] if last is not None else []
    batches = student.batches(source)
    try:
        for number, start in enumerate(range(0, len(rows), BATCH)):
            batch = batches.batch(
                rows[start : start + BATCH], seed=derived_seed(student.learning.seed, f"gram/{number}")
            )
            mask = batch.inputs.get("attention_mask")
            shown[0] = None if mask is None else mask.to(student.device)
            with contextlib.suppress(_Enough):
                student.run(weights, batch.inputs)
            student.learning.told(start + len(rows[start : start + BATCH]), len(rows), "examples", message)
    finally:
        for hook in hooks:
            hook.remove()
    return {name: (total / max(1, counts[name])).cpu() for name, total in sums.items()}


def regression(weights: Sequence[torch.Tensor], grams: Sequence[torch.Tensor], off_diagonal: float) -> torch.Tensor:
    """W = (Σ G̃_i)⁻¹ Σ G̃_i·W_i, where G̃ is G with everything off its diagonal times `off_diagonal`.

    The pseudo-inverse stands for the inverse where an input was never anything but zero, or the sum's condition is above 1e8.

    Args: `weights` W_i float64 `[in, out]`, `grams` G_i float64 `[in, in]`. Returns: float64 `[in, out]`.
    """
    shrunk = [gram * off_diagonal + torch.diag(gram.diagonal()) * (1 - off_diagonal) for gram in grams]
    total = torch.stack(shrunk).sum(dim=0)
    right = torch.stack([gram @ weight for gram, weight in zip(shrunk, weights, strict=True)]).sum(dim=0)
    values = torch.linalg.eigvalsh(total)
    if bool((total.diagonal() == 0).any()) or float(values[0]) * WORST_CONDITION <= float(values[-1]):
        inverse: torch.Tensor = torch.linalg.pinv(total, hermitian=True)
        return inverse @ right
    solved: torch.Tensor = torch.linalg.solve(total, right)
    return solved


def regressed(
    weights: Sequence[torch.Tensor], grams: Sequence[torch.Tensor], off_diagonal: float, axis: int
) -> torch.Tensor:
    """As `regression`, of weights as they are stored: `[out, in]` (axis 1) or `[in, out]` (axis 0)."""
    turned = [weight.double().T if axis == 1 else weight.double() for weight in weights]
    merged = regression(turned, grams, off_diagonal)
    return merged.T if axis == 1 else merged


def merge_by_grams(step: MergeStep) -> torch.Tensor:
    """The regression of a linear layer's weights on `learned["gram<i>"]`; of any other tensor the mean of the sources."""
    if not step.learned:
        return step.combine(lambda sources, start: torch.stack(list(sources)).mean(dim=0))
    grams = [step.learned[f"gram{source}"] for source in step.source_ids]
    factor, axis = float(step.parameters["off_diagonal"]), int(step.learned["axis"])
    return step.combine_whole(lambda weights: regressed(weights, grams, factor, axis).to(step.maths))

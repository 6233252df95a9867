"""Carries out the steps of a combination of adapters: two tensors of one module come from one computation."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from threading import Lock
from typing import Any

import torch

from workers.contracts.errors import UserError
from workers.contracts.findings import Finding
from workers.contracts.plans import Plan, TensorStep
from workers.engine.io.digest import bytes_of
from workers.engine.io.dtypes import dtype_of
from workers.engine.io.reader import Reader
from workers.engine.merge.adapters import Factors, PairStep

PairFunction = Callable[[PairStep], Factors]
Kept = tuple[torch.Tensor, dict[str, Any] | None]


@dataclass
class Pairs:
    """`method` makes the pair of a module; the half that is not asked for yet is kept until it is.

    The steps of one module follow each other, so that a few halves are kept at most.
    """

    method: PairFunction
    _kept: dict[str, Kept] = field(default_factory=dict)
    _locks: dict[str, Lock] = field(default_factory=dict)
    _guard: Lock = field(default_factory=Lock)

    def make(self, plan: Plan, step: TensorStep, readers: Sequence[Reader]) -> Kept:
        """The tensor of the step in its shape and format, and the measures of its module with its factor B.

        Raises:
            UserError: factors that cannot be decomposed; tensors that are brought whole and differ.
        """
        if step.operation == "copy":
            return _same(step, readers), None
        module, part = step.parameters["module"], step.parameters["part"]
        with self._guard:
            lock = self._locks.setdefault(module, Lock())
        with lock:
            found = self._kept.pop(f"{module}.{part}", None)
            if found is None:
                halves = _halves(plan, step, readers, self.method)
                found = halves[part]
                other = "B" if part == "A" else "A"
                self._kept[f"{module}.{other}"] = halves[other]
        tensor, measures = found
        return tensor.to(dtype_of(step.dtype)).reshape(step.shape), measures


def _halves(plan: Plan, step: TensorStep, readers: Sequence[Reader], method: PairFunction) -> dict[str, Kept]:
    tensors = [readers[item.source].tensor(item.key, item.fact).double().flatten(1) for item in step.inputs]
    values = step.parameters
    pair_step = PairStep(
        name=values["module"],
        pairs=tuple(zip(tensors[::2], tensors[1::2], strict=True)),
        scalings=tuple(values["scaling"]),
        weights=tuple(float(weight) for weight in values["weight"]),
        rank=values["rank"],
        source_ids=tuple(item.source for item in step.inputs[::2]),
        densities=tuple(float(density) for density in values.get("density", ())),
        vote=values.get("majority_sign_method", "total"),
        inner=values.get("inner", "ties"),
        seed=plan.seed,
    )
    made = method(pair_step)
    return {"A": (made[0], None), "B": (made[1], measures_of(pair_step, made, dtype_of(step.dtype)))}


def measures_of(step: PairStep, made: Factors, dtype: torch.dtype) -> dict[str, Any]:
    """Norms and cosines of the changes, and how far the result is from Σ w_i·D_i, all from the factors.

    ⟨B·A, B'·A'⟩ = Σ (BᵀB')∘(A·A'ᵀ), so that no product is formed. `error` is ‖B·A − Σ w_i·D_i‖ / ‖Σ w_i·D_i‖, to about 1e-7;
    `wanted` is ‖Σ w_i·D_i‖.
    """
    scaled = [(a, scaling * b) for (a, b), scaling in zip(step.pairs, step.scalings, strict=True)]
    gram = [[_inner(one, other) for other in scaled] for one in scaled]
    with_result = [_inner(one, made) for one in scaled]
    square, weights = _inner(made, made), step.weights
    target = sum(w * v * gram[i][j] for i, w in enumerate(weights) for j, v in enumerate(weights))
    crossed = sum(w * product for w, product in zip(weights, with_result, strict=True))
    error = math.sqrt(max(square - 2 * crossed + target, 0.0) / target) if target > 0 else math.nan
    norms, norm = [_root(gram[i][i]) for i in range(len(scaled))], _root(square)
    cosines = [
        product / (own * norm) if own > 0 and norm > 0 else math.nan
        for product, own in zip(with_result, norms, strict=True)
    ]
    written = [factor.to(dtype).double() for factor in made]
    return {
        "norms": [_finite(value) for value in norms], "norm": _finite(norm), "cosines": [_finite(value) for value in cosines],
        "kept": None, "agreement": None, "error": _finite(error),
        "wanted": _finite(_root(target)), "rank": made[0].shape[0],
        "bad_inputs": sum(int((~factor.isfinite()).sum()) for pair in step.pairs for factor in pair),
        "bad_results": sum(int((~factor.isfinite()).sum()) for factor in written),
    }  # fmt: skip


def _inner(one: Factors, other: Factors) -> float:
    return float(((one[1].mT @ other[1]) * (one[0] @ other[0].mT)).sum())


def _root(square: float) -> float:
    return math.sqrt(square) if square >= 0 else math.nan if square != square else 0.0


def _finite(value: float) -> float | None:
    return round(value, 9) if math.isfinite(value) else None


def _same(step: TensorStep, readers: Sequence[Reader]) -> torch.Tensor:
    """What several adapters bring whole, which must be one and the same."""
    first, *others = [readers[item.source].tensor(item.key, item.fact) for item in step.inputs]
    for item, other in zip(step.inputs[1:], others, strict=True):
        if bytes_of(other) != bytes_of(first):
            message = (
                f"{step.name} comes whole with several adapters and differs between them (model {item.source + 1})."
            )
            found = Finding(
                code="whole_module_differs", severity="error", message=message, where=step.name, stage="run",
                consequence="There is no telling which one the result should have. Remove the source, or combine adapters without a head.",
            )  # fmt: skip
            raise UserError(message, (found,))
    return first

"""Takes the change of one tensor and stores it in the form that the plan asks for, measuring what the form loses."""

from collections.abc import Mapping, Sequence
from typing import Any

import torch

from kernels.raw import format_of
from workers.contracts.errors import UserError
from workers.contracts.findings import Finding
from workers.contracts.plans import Plan, TensorStep
from workers.engine.extract import forms
from workers.engine.extract.directions import strongest
from workers.engine.extract.units import Piece
from workers.engine.io.deltas import decode
from workers.engine.io.digest import bytes_of, tensor_sha256
from workers.engine.io.dtypes import dtype_of
from workers.engine.io.reader import Reader
from workers.planning.deltas import Delta, Form
from workers.planning.lora import EMBEDDING, LINEAR, PREFIX


def take(plan: Plan, step: TensorStep, readers: Sequence[Reader], inside: Mapping[str, str] | None = None) -> Piece:
    """τ = θ − b of one tensor, in float32 (float64 where either is), stored.

    Args:
        plan: its `config` holds the recipe's options.
        inside: for adapters, what tensors and modules are called inside the model, by stored name.
        step: inputs are the base's tensor and, where something is taken, the fine-tune's.

    Returns:
        The stored tensors, none where nothing changed. The note holds the sha256 of the base's tensor, the norm of τ, `error` =
        ‖τ − τ̂‖ / ‖τ‖ with τ̂ what the stored numbers stand for, and how many entries of τ are no numbers.

    Raises:
        UserError: whole numbers differ; a matrix to be decomposed holds NaN or infinity.
    """
    tensors = [readers[item.source].tensor(item.key, item.fact) for item in step.inputs]
    base, role = tensors[0], step.parameters["role"]
    note: dict[str, Any] = {
        "role": role, "base_sha256": tensor_sha256(base), "dtype": format_of(base), "shape": list(base.shape),
    }  # fmt: skip
    names = inside or {}
    if role == "left" or len(tensors) < 2:
        return Piece({}, note)
    if role == "equal":
        if bytes_of(base) != bytes_of(tensors[1]):
            raise _refused("integer_tensor_differs", step.name, "holds whole numbers and differs between the models.",
                           "Whole numbers have no difference that could be stored.")  # fmt: skip
        return Piece({}, note)
    wide = torch.float64 if torch.float64 in (base.dtype, tensors[1].dtype) else torch.float32
    delta = tensors[1].to(wide) - base.to(wide)
    norm, bad = forms.norm_of(delta), int((~delta.isfinite()).sum())
    note |= {"norm": norm if bad == 0 else None, "bad": bad, "changed": bool((delta != 0).any())}
    dtype = dtype_of(step.dtype)
    if role in {"whole", "bias"}:
        return _with_head(step, _whole(step, tensors[1], note, names), tensors[1], names)
    if not note["changed"]:
        return Piece({}, note | {"form": "none", "error": 0.0, "bytes": 0})
    if role in {"lora", "embedding"}:
        return _with_head(step, _factors(plan, step, delta, dtype, note, names), tensors[1], names)
    form, parts = _stored(plan.config, step, delta, dtype, plan.seed, bad)
    known = Delta(step.name, form, {})
    error = forms.norm_of(delta - decode(known, parts, tuple(delta.shape), wide)) / norm if bad == 0 else None
    stored = {known.key(part): tensor for part, tensor in parts.items()}
    return Piece(stored, note | {"form": form, "error": error, "bytes": forms.bytes_of_parts(parts)})


def _stored(
    options: Mapping[str, Any], step: TensorStep, delta: torch.Tensor, dtype: torch.dtype, seed: int, bad: int
) -> tuple[Form, forms.Parts]:
    """Vectors are small and their entries matter: signs and directions are for matrices. What holds NaN is stored as it is."""
    if bad == 0 and options["form"] == "sparse":
        return "sparse", forms.sparse(delta, options["density"], dtype)
    if bad == 0 and options["form"] == "one_bit" and delta.dim() >= 2:
        return "one_bit", forms.one_bit(delta)
    if bad == 0 and options["form"] == "low_rank":
        parts = forms.low_rank(delta, options, step.name, seed, dtype)
        if parts is not None:
            return "low_rank", parts
    return "dense", forms.dense(delta, dtype)


def _whole(step: TensorStep, tuned: torch.Tensor, note: dict[str, Any], inside: Mapping[str, str]) -> Piece:
    """The fine-tune's own tensor, under the name by which peft loads it."""
    name, module = inside.get(step.name, step.name), step.parameters["module"]
    module = inside.get(module, module)
    if step.parameters["role"] == "bias":
        name = f"{module}.base_layer.bias"
        if not note["changed"]:
            return Piece({}, note | {"form": "none", "error": 0.0, "bytes": 0})
    kept, key = tuned.clone(), PREFIX + name
    size = kept.numel() * kept.element_size()
    more = {"form": "whole", "error": 0.0, "bytes": size, "module": module, "key": key}
    return Piece({key: kept}, note | more)


def _with_head(step: TensorStep, piece: Piece, tuned: torch.Tensor, inside: Mapping[str, str]) -> Piece:
    """The same tensor once more, whole, for the head that a tied model has through it."""
    head = inside.get(step.parameters.get("head", ""))
    if head is None or not piece.note["changed"]:
        return piece
    size = tuned.numel() * tuned.element_size()
    more = {"head": head.rpartition(".")[0], "bytes": piece.note["bytes"] + size}
    return Piece({**piece.tensors, PREFIX + head: tuned.clone()}, piece.note | more)


def _factors(
    plan: Plan, step: TensorStep, delta: torch.Tensor, dtype: torch.dtype, note: dict[str, Any], inside: Mapping[str, str]
) -> Piece:  # fmt: skip
    """B = U·√S, A = √S·Vᵀ with B·A ≈ τ (τᵀ for embeddings and layers that store [in, out]); the scaling is 1."""
    if note["bad"]:
        raise _refused("not_finite", step.name, "holds NaN or infinity in its change, which has no directions.",
                       "Leave it out with exclude, or make a dense task vector.")  # fmt: skip
    is_embedding = step.parameters["role"] == "embedding"
    matrix = delta.mT if is_embedding or step.parameters.get("transposed") else delta
    left, values, right = strongest(matrix, plan.config, step.name, plan.seed)
    root = values.sqrt()
    b, a = (left * root).to(dtype), (root[:, None] * right.mT).to(dtype)
    error = forms.norm_of(matrix - b.to(delta.dtype) @ a.to(delta.dtype)) / note["norm"]
    ending, module = (EMBEDDING if is_embedding else LINEAR), step.parameters["module"]
    module = inside.get(module, module)
    stored = {PREFIX + module + ending[0]: a.contiguous(), PREFIX + module + ending[1]: b.contiguous()}
    more = {
        "form": "lora",
        "error": error,
        "bytes": forms.bytes_of_parts(stored),
        "rank": len(values),
        "module": module,
    }
    return Piece(stored, note | more)


def _refused(code: str, name: str, what: str, consequence: str) -> UserError:
    message = f"{name} {what}"
    found = Finding(code=code, severity="error", message=message, where=name, stage="run", consequence=consequence)
    return UserError(message, (found,))

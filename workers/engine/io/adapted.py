"""Reads a model with a LoRA adapter on it: each tensor is put together when it is asked for, the model as a whole never."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from kernels.late import torch
from kernels.raw import Raw, raw_of
from workers.contracts.facts import TensorFact
from workers.contracts.plans import AdapterChange, Stored
from workers.engine.io.reader import Reader


class AdaptedReader(Reader):
    """The weights of `model` with `adapter` on it. Keys and facts are those of the plan, which `workers.planning.baking` made."""

    def __init__(
        self, folder: Path, model: Reader, adapter: Reader, changes: Mapping[str, AdapterChange], *, is_rounded: bool = False
    ) -> None:  # fmt: skip
        super().__init__(folder)
        self._model, self._adapter, self._changes, self._is_rounded = model, adapter, changes, is_rounded
        self._brought = {change.whole.fact for change in changes.values() if change.whole is not None}

    def tensor(self, key: str, fact: TensorFact) -> torch.Tensor:
        """θ' = m ⊙ (θ + s·B·A) / ‖θ + s·B·A‖ for DoRA, with one length for each output; θ + s·B·A for LoRA without m.

        θ `[out, in]`, A `[r, in]`, B `[out, r]`; kernels of convolutions flattened into `in`; turned round for embeddings and for
        layers that store `[in, out]`. An output of length 0 stays 0. In float32, or float64 where the model or the adapter is;
        the model's own tensor where the adapter changes nothing.

        Source: Hu et al. 2021, arXiv:2106.09685; Liu et al. 2024, arXiv:2402.09353, equation 5; peft 0.21 for the layers' axes.

        Raises:
            UserError: model or adapter is not what it was when the recipe was checked.

        Cost: one tensor in float32 and its factors; θ is added to in place.
        """
        change = self._changes.get(key)
        if change is None:
            return self._model.tensor(key, fact)
        before = self._model.tensor(change.origin, fact) if change.whole is None else self._stored(change.whole)
        if change.a is None and change.bias is None:
            return before
        made = _changed(change, before, {name: self._stored(part) for name, part in _parts(change)})
        return made.to(before.dtype) if self._is_rounded else made

    def raw(self, key: str, fact: TensorFact) -> Raw:
        """As `tensor`, put together in memory."""
        return raw_of(self.tensor(key, fact))

    def prefetch(self, fact: TensorFact) -> None:
        (self._adapter if fact in self._brought else self._model).prefetch(fact)

    def release(self, fact: TensorFact) -> None:
        (self._adapter if fact in self._brought else self._model).release(fact)

    def close(self) -> None:
        self._model.close()
        self._adapter.close()

    def _stored(self, part: Stored) -> torch.Tensor:
        return self._adapter.tensor(part.key, part.fact)


def _parts(change: AdapterChange) -> list[tuple[str, Stored]]:
    named = (("a", change.a), ("b", change.b), ("magnitude", change.magnitude), ("bias", change.bias))
    return [(name, part) for name, part in named if part is not None]


def _changed(change: AdapterChange, before: torch.Tensor, parts: Mapping[str, torch.Tensor]) -> torch.Tensor:
    is_wide = torch.float64 in (before.dtype, *(part.dtype for part in parts.values()))
    dtype = torch.float64 if is_wide else torch.float32
    made = before.to(dtype, copy=True).contiguous()
    if "bias" in parts:
        return made.add_(parts["bias"].to(dtype).view(made.shape), alpha=change.scaling)
    a, b = (parts[name].to(dtype).flatten(1) for name in "ab")
    flat = made if change.across else made.flatten(1)
    flat.addmm_(*((a.mT, b.mT) if change.across else (b, a)), alpha=change.scaling)
    if "magnitude" in parts:
        axis = 0 if change.across else 1
        lengths = torch.linalg.vector_norm(flat, dim=axis, keepdim=True, dtype=torch.float64)
        wanted = parts["magnitude"].double().flatten().view(lengths.shape)
        flat.mul_(torch.where(lengths > 0, wanted / lengths, 1.0).to(dtype))
    return made

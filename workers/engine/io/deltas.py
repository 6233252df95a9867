"""Task vectors as if they were the models that they make with their base: tensors are put together one at a time, when asked for."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from kernels.late import torch
from kernels.raw import Raw, raw_of
from workers.contracts.errors import UserError
from workers.contracts.facts import TensorFact
from workers.contracts.findings import Finding
from workers.contracts.plans import Plan
from workers.engine.io.adapted import AdaptedReader
from workers.engine.io.digest import tensor_sha256
from workers.engine.io.reader import Reader, facts_of_weights
from workers.engine.io.rows import Readers
from workers.planning.deltas import CONFIG_FILE, Delta, DeltaError, bits_of, check_fit, deltas_of

_CONFIG_BYTES = 64 << 20


class DeltaReader(Reader):
    """The weights of a base with a task vector applied. Keys and facts are the base's."""

    def __init__(self, folder: Path, base: Reader) -> None:
        super().__init__(folder)
        self._base = base
        self._deltas = _deltas(folder)
        self._marks = _marks(folder)

    def tensor(self, key: str, fact: TensorFact) -> torch.Tensor:
        """θ = θ_base + τ in float32, or in float64 over a float64 base; the base's own tensor where it is not changed.

        Raises:
            UserError: what is stored does not fit, or the base's tensor is not the one that the change was taken from.
        """
        before = self._base.tensor(key, fact)
        delta = self._deltas.get(key)
        if delta is None:
            return before
        if not before.is_floating_point():
            raise misfit(f"{key} holds whole numbers in the base.")
        wanted = self._marks.pop(key, "")
        if wanted and tensor_sha256(before) != wanted:
            self._marks[key] = wanted
            raise misfit(
                f"{key} of the base is not the tensor that the change was taken from (its sha256 differs).",
                "other_base",
            )
        return self.change(delta, tuple(before.shape), before.dtype).add_(before)

    def change(self, delta: Delta, shape: tuple[int, ...], dtype: torch.dtype | None = None) -> torch.Tensor:
        """τ of one tensor, in float32 or, over a float64 base, float64. A tensor of its own."""
        try:
            check_fit(delta, shape)
        except DeltaError as error:
            raise misfit(f"It {error}") from error
        wide = torch.float64 if dtype == torch.float64 else torch.float32
        parts = {part: self._view(delta.key(part), fact).tensor() for part, fact in delta.parts.items()}
        return decode(delta, parts, shape, wide)

    def deltas(self) -> Mapping[str, Delta]:
        return self._deltas

    def raw(self, key: str, fact: TensorFact) -> Raw:
        """As `tensor`, put together in memory."""
        return raw_of(self.tensor(key, fact))

    def prefetch(self, fact: TensorFact) -> None:
        self._base.prefetch(fact)

    def release(self, fact: TensorFact) -> None:
        self._base.release(fact)


def readers_of(plan: Plan, folders: Sequence[Path]) -> list[Reader]:
    """One per folder, in the order in which the plan counts its inputs.

    Those of task vectors give the models that they make with the base, which is the first; those with an adapter the model
    with the adapter on it, rounded to the model's own format where the plan computes as mergekit does.
    """
    plain = [Reader(folder) for folder in folders]
    readers = list(plain)
    for item in plan.adapted:
        readers[item.position] = AdaptedReader(
            folders[item.position],
            plain[item.model],
            plain[item.adapter],
            item.changes,
            is_rounded=plan.compat is not None,
        )
    for position in plan.deltas:
        readers[position] = DeltaReader(folders[position], readers[0])
    return readers if plan.vocabulary is None else Readers(readers, plan, folders)


def decode(delta: Delta, parts: Mapping[str, torch.Tensor], shape: tuple[int, ...], dtype: torch.dtype) -> torch.Tensor:
    """τ `shape` in `dtype`, of parts whose sizes fit. The forms are those of `workers.planning.deltas`.

    Raises:
        UserError: places lie outside the tensor or do not rise; there are not as many as values.
    """
    size = int(np.prod(shape, dtype=np.int64))
    if delta.form == "dense":
        return parts[""].to(dtype, copy=True)
    if delta.form == "low_rank":
        return (parts["left"].to(dtype) @ parts["right"].to(dtype)).view(shape)
    if delta.form == "one_bit":
        positive = torch.from_numpy(_bits(parts["signs"], size))
        scale = parts["scale"].to(dtype)
        return torch.where(positive, scale, -scale).view(shape)
    values = parts["values"].to(dtype)
    if "mask" in parts:
        places = torch.from_numpy(np.flatnonzero(_bits(parts["mask"], size)))
        if len(places) != len(values):
            raise misfit(f"The mask of {delta.name} has {len(places)} places for {len(values)} values.")
    else:
        places = torch.from_numpy(unpack(parts["indices"], len(values), bits_of(size)))
        if len(places) and (int(places[-1]) >= size or bool((places[1:] <= places[:-1]).any())):
            raise misfit(f"The places of {delta.name} do not rise, or lie outside its {size} entries.")
    return torch.zeros(size, dtype=dtype).index_copy_(0, places, values).view(shape)


def pack(places: Any, width: int) -> torch.Tensor:
    """Whole numbers in `width` bits each, one after the other, lowest bit first; U8."""
    bits = (np.asarray(places, dtype=np.uint64)[:, None] >> np.arange(width, dtype=np.uint64)) & np.uint64(1)
    return torch.from_numpy(np.packbits(bits.astype(np.uint8).reshape(-1), bitorder="little"))


def unpack(packed: torch.Tensor, count: int, width: int) -> Any:
    """What `pack` packed: int64 `[count]`."""
    bits = np.unpackbits(packed.numpy(), count=count * width, bitorder="little").reshape(count, width)
    numbers = np.zeros(count, dtype=np.int64)
    for place in range(width):
        numbers |= bits[:, place].astype(np.int64) << place
    return numbers


def pack_bits(bits: torch.Tensor) -> torch.Tensor:
    """Truth values, eight to a byte, lowest bit first; U8."""
    return torch.from_numpy(np.packbits(bits.flatten().numpy(), bitorder="little"))


def misfit(message: str, code: str = "task_vector_misfit") -> UserError:
    found = Finding(
        code=code, severity="error", message=message, stage="run",
        consequence="A task vector means something only on the weights that it was taken from.",
    )  # fmt: skip
    return UserError(message, (found,))


def _bits(packed: torch.Tensor, count: int) -> Any:
    return np.unpackbits(packed.numpy(), count=count, bitorder="little").astype(np.bool_)


def _deltas(folder: Path) -> dict[str, Delta]:
    try:
        return deltas_of(facts_of_weights(folder))
    except DeltaError as error:
        raise misfit(f"The task vector {error}") from error


def _marks(folder: Path) -> dict[str, str]:
    """sha256 of the base's tensors by name, where the task vector names them."""
    path = folder / CONFIG_FILE
    if not path.is_file():
        return {}
    try:
        document = json.loads(path.read_text(encoding="utf-8")) if path.stat().st_size <= _CONFIG_BYTES else None
    except ValueError:
        document = None
    tensors = document.get("tensors", {}) if isinstance(document, dict) else None
    if not isinstance(tensors, dict) or not all(isinstance(row, dict) for row in tensors.values()):
        raise misfit(f"{CONFIG_FILE} cannot be read.")
    return {name: row["base_sha256"] for name, row in tensors.items() if isinstance(row.get("base_sha256"), str)}

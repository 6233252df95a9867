"""BATCHES of examples as tensors: pictures with classes, texts with classes or numbers. Language models have `blocks.py`."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

import numpy as np
import torch

from workers.engine.train.losses import Batch

Inputs = Callable[[Mapping[str, Any]], dict[str, torch.Tensor]]


class Examples(Protocol):
    """What `workers.engine.data.examples` gives, as far as training needs it."""

    def __len__(self) -> int: ...
    def take(self, rows: Sequence[int]) -> dict[str, Any]: ...
    def gold(self, rows: Sequence[int]) -> Any: ...


class Joined:
    """Several datasets, one after the other, as one. Rows of a batch stay in the order asked for."""

    def __init__(self, parts: Sequence[Examples]) -> None:
        self._parts = list(parts)
        self._starts = np.cumsum([0, *(len(part) for part in self._parts)])

    def __len__(self) -> int:
        return int(self._starts[-1])

    def take(self, rows: Sequence[int]) -> dict[str, Any]:
        """Each role as a list with one value a row. A role that not all parts have is left out of all."""
        taken: list[dict[str, Any]] = [{} for _ in rows]
        for places, part, own in self._shares(rows):
            found = part.take(own)
            for number, place in enumerate(places):
                taken[place] = {role: values[number] for role, values in found.items()}
        roles = set(taken[0]).intersection(*taken) if taken else set()
        return {role: [row[role] for row in taken] for role in sorted(roles)}

    def gold(self, rows: Sequence[int]) -> list[Any]:
        taken: list[Any] = [None] * len(rows)
        for places, part, own in self._shares(rows):
            for place, value in zip(places, part.gold(own), strict=True):
                taken[place] = value
        return taken

    def _shares(self, rows: Sequence[int]) -> list[tuple[list[int], Examples, list[int]]]:
        """For each part: places in `rows`, the part, and its own numbers of these rows."""
        owner = np.searchsorted(self._starts, np.asarray(rows, dtype=np.int64), side="right") - 1
        shares = []
        for number, part in enumerate(self._parts):
            places = np.flatnonzero(owner == number).tolist()
            if places:
                shares.append((places, part, [int(rows[place] - self._starts[number]) for place in places]))
        return shares


class Supervised:
    """Examples with an answer each. `inputs` makes a model's inputs of what `take` gives.

    targets: labels int64 `[b]` for classes, target float32 `[b]` for numbers, none where examples have no answers. units: examples.
    """

    def __init__(self, examples: Examples, inputs: Inputs, *, is_regression: bool = False) -> None:
        self._examples, self._inputs, self._is_regression = examples, inputs, is_regression

    def __len__(self) -> int:
        return len(self._examples)

    def batch(self, rows: torch.Tensor, *, seed: int) -> Batch:
        numbers = rows.tolist()
        given = self._examples.gold(numbers)
        if given is None:
            return Batch(self._inputs(self._examples.take(numbers)), {}, len(numbers))
        gold = np.asarray(given)
        targets = (
            {"target": torch.from_numpy(gold.astype(np.float32))}
            if self._is_regression
            else {"labels": torch.from_numpy(gold.astype(np.int64))}
        )
        return Batch(self._inputs(self._examples.take(numbers)), targets, len(numbers))
